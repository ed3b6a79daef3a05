// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.Extension;
import hudson.model.AbstractDescribableImpl;
import hudson.model.Descriptor;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.NamePattern;
import io.jenkins.plugins.machineid.field.Address;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.join.Tokens;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.util.List;
import jenkins.model.Jenkins;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A Teleport cluster: where it is and how its servers are recognised. */
public class Cluster extends AbstractDescribableImpl<Cluster> {
    static final List<String> KINDS = Vocabulary.words("address_kinds");

    private final String name;
    private final String address;
    private String addressKind;
    private List<String> caPins;
    private String caCertificate;
    private boolean useConfiguredAddress;
    private String teleportName;
    private List<String> allowedFolders;

    @DataBoundConstructor
    public Cluster(String name, String address) {
        this.name = Texts.orEmpty(name).trim();
        this.address = Address.of(address);
        FormFault.field(Cluster.class, "name", () -> Checks.name(this.name));
        FormFault.field(Cluster.class, "address", () -> Checks.address(this.address));
    }

    public String getName() {
        return name;
    }

    public String getAddress() {
        return address;
    }

    public String getAddressKind() {
        return addressKind == null ? KINDS.get(0) : addressKind;
    }

    @DataBoundSetter
    public void setAddressKind(String addressKind) {
        this.addressKind = Texts.unlessDefault(addressKind, KINDS.get(0));
        FormFault.field(Cluster.class, "addressKind", () -> Checks.choice(getAddressKind(), KINDS, "addressKind"));
    }

    public List<String> getCaPins() {
        return Texts.orEmpty(caPins);
    }

    @DataBoundSetter
    public void setCaPins(List<String> caPins) {
        this.caPins = Texts.words(caPins);
        FormFault.field(Cluster.class, "caPins", () -> Checks.pins(getCaPinsText()));
    }

    /** For the form. */
    public String getCaPinsText() {
        return String.join("\n", getCaPins());
    }

    public String getCaCertificate() {
        return caCertificate;
    }

    @DataBoundSetter
    public void setCaCertificate(String caCertificate) {
        this.caCertificate = Texts.orNull(caCertificate);
        FormFault.field(Cluster.class, "caCertificate", () -> Checks.optional(this.caCertificate, Checks::certificate));
    }

    /** Whether the address stays this one where the proxy announces another. */
    public boolean isUseConfiguredAddress() {
        return useConfiguredAddress;
    }

    @DataBoundSetter
    public void setUseConfiguredAddress(boolean useConfiguredAddress) {
        this.useConfiguredAddress = useConfiguredAddress;
    }

    /** The cluster's name in Teleport; null: the host of its address. */
    public String getTeleportName() {
        return teleportName;
    }

    @DataBoundSetter
    public void setTeleportName(String teleportName) {
        this.teleportName = Texts.orNull(teleportName);
        FormFault.field(Cluster.class, "teleportName", () -> Checks.optional(this.teleportName, Checks::resource));
    }

    /** Whom statements about builds are for, unless a join method says otherwise. */
    public String audience() {
        return teleportName == null ? Texts.host(address) : teleportName;
    }

    /** Patterns of folders that may define identities of their own for this cluster; none: no folder. */
    public List<String> getAllowedFolders() {
        return Texts.orEmpty(allowedFolders);
    }

    @DataBoundSetter
    public void setAllowedFolders(List<String> allowedFolders) {
        this.allowedFolders = Texts.lines(allowedFolders);
        FormFault.field(Cluster.class, "allowedFolders", () -> Checks.jobs(getAllowedFoldersText()));
    }

    /** For the form. */
    public String getAllowedFoldersText() {
        return String.join("\n", getAllowedFolders());
    }

    /** @param folder full name */
    public boolean allowsFolder(String folder) {
        return getAllowedFolders().stream().anyMatch(pattern -> new NamePattern(pattern).matches(folder));
    }

    /** All of it once more, for the reason that {@link JoinMethod#check} gives. */
    void check() {
        setAddressKind(addressKind);
        setCaPins(caPins);
        setCaCertificate(caCertificate);
        setTeleportName(teleportName);
        setAllowedFolders(allowedFolders);
    }

    /**
     * What a credential of a token turned out to hold: a joining URI of another cluster is refused.
     *
     * @throws IllegalArgumentException with a sentence for the reader
     */
    public void checkToken(Secret token) {
        Tokens.checkCluster(token, name, address, getAddressKind());
    }

    @Extension
    @Symbol("cluster")
    public static class DescriptorImpl extends Descriptor<Cluster> {
        @Override
        public String getDisplayName() {
            return Messages.Cluster_displayName();
        }

        @POST
        public ListBoxModel doFillAddressKindItems() {
            return FormAccess.fill(() -> {
                ListBoxModel items = new ListBoxModel();
                items.add(Messages.Cluster_kindProxy(), "proxy");
                items.add(Messages.Cluster_kindAuth(), "auth");
                return items;
            });
        }

        @POST
        public FormValidation doCheckName(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::name));
        }

        @POST
        public FormValidation doCheckAddress(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> {
                FormValidation form = Checks.formOptional(value, Address::check);
                return form.kind == FormValidation.Kind.OK && Texts.orEmpty(value).contains("://")
                        ? FormValidation.ok(Messages.Check_addressTaken(Address.of(value)))
                        : form;
            });
        }

        @POST
        public FormValidation doCheckCaPins(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::pins));
        }

        @POST
        public FormValidation doCheckCaCertificate(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::certificate));
        }

        @POST
        public FormValidation doCheckTeleportName(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::resource));
        }

        @POST
        public FormValidation doCheckAllowedFolders(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::jobs));
        }

        /** Test connection, with what stands in the form now. */
        @POST
        public FormValidation doTestConnection(
                @QueryParameter String name,
                @QueryParameter String address,
                @QueryParameter String addressKind,
                @QueryParameter String caPins,
                @QueryParameter String caCertificate,
                @QueryParameter String teleportName) {
            return FormAccess.administrator().test(() -> {
                try {
                    Cluster cluster = new Cluster(name, address);
                    cluster.setAddressKind(addressKind);
                    cluster.setCaPins(List.of(Texts.orEmpty(caPins)));
                    cluster.setCaCertificate(caCertificate);
                    cluster.setTeleportName(teleportName);
                    return ConnectionCheck.get().run(cluster, null);
                } catch (IllegalArgumentException e) {
                    return FormValidation.error(e.getMessage());
                }
            });
        }
    }
}

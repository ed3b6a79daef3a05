// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.Extension;
import hudson.model.AbstractDescribableImpl;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.AgentRule;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.access.IdentityRule;
import io.jenkins.plugins.machineid.access.Policy;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.join.TokenJoin;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** A bot of a cluster: how agents join as it, and who may use it for what. */
public class Identity extends AbstractDescribableImpl<Identity> {
    static final List<String> KEY_ALGORITHMS = Vocabulary.words("key_algorithms");
    static final List<String> AGENTS_BY =
            Arrays.stream(AgentRule.By.values()).map(AgentRule.By::text).toList();
    static final String DEFAULT_LIFETIME = Durations.text(Vocabulary.limit("lifetime_default_seconds"));
    private static final List<String> CACHE_SCOPES = Vocabulary.words("cache_scopes");

    private final String id;
    private final String cluster;
    private JoinMethod join;
    private String keyAlgorithm;
    private String lifetime;
    private String renewalInterval;
    private List<String> roles;
    private String maxTtl;
    private String cacheScope;
    private List<String> allowedJobs;
    private List<String> allowedAgents;
    private List<String> agentCredentials;
    private String agentsBy;
    private String agentLabel;
    private Boolean builtInNodeAllowed;

    @DataBoundConstructor
    public Identity(String id, String cluster) {
        this.id = Texts.orEmpty(id).trim();
        this.cluster = Texts.orEmpty(cluster).trim();
        FormFault.field(Identity.class, "id", () -> Checks.id(this.id));
        FormFault.field(Identity.class, "cluster", () -> requireCluster(this.id, this.cluster));
    }

    /** @throws IllegalArgumentException with a sentence for the reader */
    public static void requireCluster(String id, String cluster) {
        if (cluster.isEmpty()) {
            throw new IllegalArgumentException(Messages.Check_clusterMissing(id));
        }
        Checks.name(cluster);
    }

    private Identity(String folder, String id, String cluster) {
        Checks.id(id);
        this.id = IdentityName.of(folder, id);
        this.cluster = cluster;
    }

    /**
     * One that a folder defines, for jobs below it, on any agent: never saved here.
     *
     * @param folder full name
     */
    public static Identity ofFolder(String folder, String id, Cluster cluster, JoinMethod join) {
        Identity identity = new Identity(folder, id, cluster.getName());
        identity.join = join;
        identity.agentsBy = AgentRule.By.ANY.text();
        return identity;
    }

    /** With the folder that defines it before it, if one does: see {@link IdentityName}. */
    public String getId() {
        return id;
    }

    /** Name of the cluster. */
    public String getCluster() {
        return cluster;
    }

    /** A token for each agent, unless something else is set. */
    public JoinMethod getJoin() {
        return join == null ? new TokenJoin() : join;
    }

    @DataBoundSetter
    public void setJoin(JoinMethod join) {
        this.join = join;
    }

    /** Null where the default was left: then the library has keys of databases be RSA, which old clients need. */
    public String chosenKeyAlgorithm() {
        return keyAlgorithm;
    }

    public String getKeyAlgorithm() {
        return keyAlgorithm == null ? KEY_ALGORITHMS.get(0) : keyAlgorithm;
    }

    @DataBoundSetter
    public void setKeyAlgorithm(String keyAlgorithm) {
        this.keyAlgorithm = Texts.unlessDefault(keyAlgorithm, KEY_ALGORITHMS.get(0));
        FormFault.field(
                Identity.class, "keyAlgorithm", () -> Checks.choice(getKeyAlgorithm(), KEY_ALGORITHMS, "keyAlgorithm"));
    }

    /** Wished lifetime of the bot's own certificates. */
    public String getLifetime() {
        return lifetime == null ? DEFAULT_LIFETIME : lifetime;
    }

    @DataBoundSetter
    public void setLifetime(String lifetime) {
        this.lifetime = Texts.unlessDefault(lifetime, DEFAULT_LIFETIME);
        FormFault.field(Identity.class, "lifetime", () -> Checks.ttl(getLifetime()));
    }

    /** Null: at a random point after half of the lifetime. */
    public String getRenewalInterval() {
        return renewalInterval;
    }

    @DataBoundSetter
    public void setRenewalInterval(String renewalInterval) {
        this.renewalInterval = Texts.orNull(renewalInterval);
        FormFault.field(Identity.class, "renewalInterval", () -> Checks.optional(this.renewalInterval, Checks::interval));
    }

    public List<String> getRoles() {
        return Texts.orEmpty(roles);
    }

    @DataBoundSetter
    public void setRoles(List<String> roles) {
        this.roles = Texts.words(roles);
        FormFault.field(Identity.class, "roles", () -> Checks.roles(getRolesText()));
    }

    /** For the form. */
    public String getRolesText() {
        return String.join(", ", getRoles());
    }

    public String getMaxTtl() {
        return maxTtl == null ? DEFAULT_LIFETIME : maxTtl;
    }

    @DataBoundSetter
    public void setMaxTtl(String maxTtl) {
        this.maxTtl = Texts.unlessDefault(maxTtl, DEFAULT_LIFETIME);
        FormFault.field(Identity.class, "maxTtl", () -> Checks.ttl(getMaxTtl()));
    }

    /** {@code agent}: builds of an agent share a role's key pair; {@code build}: each build gets its own. */
    public String getCacheScope() {
        return cacheScope == null ? CACHE_SCOPES.get(0) : cacheScope;
    }

    @DataBoundSetter
    public void setCacheScope(String cacheScope) {
        this.cacheScope = Texts.unlessDefault(cacheScope, CACHE_SCOPES.get(0));
        FormFault.field(Identity.class, "cacheScope", () -> Checks.choice(getCacheScope(), CACHE_SCOPES, "cacheScope"));
    }

    public List<String> getAllowedJobs() {
        return Texts.orEmpty(allowedJobs);
    }

    @DataBoundSetter
    public void setAllowedJobs(List<String> allowedJobs) {
        this.allowedJobs = Texts.lines(allowedJobs);
        FormFault.field(Identity.class, "allowedJobs", () -> Checks.jobs(getAllowedJobsText()));
    }

    /** For the form. */
    public String getAllowedJobsText() {
        return String.join("\n", getAllowedJobs());
    }

    /** Patterns of agent names. */
    public List<String> getAllowedAgents() {
        return Texts.orEmpty(allowedAgents);
    }

    @DataBoundSetter
    public void setAllowedAgents(List<String> allowedAgents) {
        this.allowedAgents = Texts.lines(allowedAgents);
        FormFault.field(Identity.class, "allowedAgents", () -> Checks.agents(getAllowedAgentsText()));
    }

    /** For the form. */
    public String getAllowedAgentsText() {
        return String.join("\n", getAllowedAgents());
    }

    /** Patterns of the credentials that an agent may bring as its own token. */
    public List<String> getAgentCredentials() {
        return Texts.orEmpty(agentCredentials);
    }

    @DataBoundSetter
    public void setAgentCredentials(List<String> agentCredentials) {
        this.agentCredentials = Texts.lines(agentCredentials);
        FormFault.field(Identity.class, "agentCredentials", () -> Checks.credentials(getAgentCredentialsText()));
    }

    /** For the form. */
    public String getAgentCredentialsText() {
        return String.join("\n", getAgentCredentials());
    }

    boolean takesFromAgents(String credential) {
        return new Policy(Map.of(id, rule()), refusal -> {}).takesCredential(id, credential);
    }

    /** What decides about agents: {@code names}, {@code label}, or nothing ({@code any}). */
    public String getAgentsBy() {
        return agentsBy == null ? AGENTS_BY.get(0) : agentsBy;
    }

    @DataBoundSetter
    public void setAgentsBy(String agentsBy) {
        this.agentsBy = Texts.unlessDefault(agentsBy, AGENTS_BY.get(0));
        FormFault.field(Identity.class, "agentsBy", () -> Checks.choice(getAgentsBy(), AGENTS_BY, "agentsBy"));
    }

    /** A label expression; null: none. */
    public String getAgentLabel() {
        return agentLabel;
    }

    @DataBoundSetter
    public void setAgentLabel(String agentLabel) {
        this.agentLabel = Texts.orNull(agentLabel);
    }

    public boolean isBuiltInNodeAllowed() {
        return Boolean.TRUE.equals(builtInNodeAllowed);
    }

    @DataBoundSetter
    public void setBuiltInNodeAllowed(boolean builtInNodeAllowed) {
        this.builtInNodeAllowed = builtInNodeAllowed ? Boolean.TRUE : null;
    }

    public IdentityRule rule() {
        AgentRule.By by = AgentRule.By.valueOf(getAgentsBy().toUpperCase(Locale.ROOT));
        return new IdentityRule(
                id,
                getRoles(),
                Durations.parse(getMaxTtl()),
                getAllowedJobs(),
                new AgentRule(by, getAllowedAgents(), Texts.orEmpty(agentLabel)),
                isBuiltInNodeAllowed(),
                getJoin().keepsSecret(),
                getAgentCredentials());
    }

    /** All of it: single fields once more, for the reason that {@link JoinMethod#check} gives. */
    void check() {
        setKeyAlgorithm(keyAlgorithm);
        setLifetime(lifetime);
        setRenewalInterval(renewalInterval);
        setRoles(roles);
        setMaxTtl(maxTtl);
        setCacheScope(cacheScope);
        setAllowedJobs(allowedJobs);
        setAllowedAgents(allowedAgents);
        setAgentCredentials(agentCredentials);
        setAgentsBy(agentsBy);
        getJoin().check();
        if (renewalInterval != null) {
            FormFault.field(Identity.class, "renewalInterval", () -> Checks.interval(renewalInterval, getLifetime()));
        }
        if (rule().agents().by() == AgentRule.By.ANY && getJoin().keepsSecret()) {
            throw new IllegalArgumentException(Messages.Check_anyAgentSecret(id));
        }
        // Whoever may name an agent would choose what the cluster is told.
        if (rule().agents().by() == AgentRule.By.ANY && getJoin().statesAgents()) {
            throw new IllegalArgumentException(Messages.Check_anyAgentStated(id));
        }
        checkAgents();
    }

    /** The part of {@link #check} that a test of the connection needs. */
    void checkAgents() {
        if (rule().agents().by() == AgentRule.By.LABEL && agentLabel == null) {
            throw new IllegalArgumentException(Messages.Check_labelMissing(id));
        }
    }

    @Extension
    @Symbol("identity")
    public static class DescriptorImpl extends IdentityDescriptor {}
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package com.cloudbees.plugins.credentials;

import com.cloudbees.plugins.credentials.common.IdCredentials;
import com.cloudbees.plugins.credentials.domains.DomainRequirement;
import hudson.model.ItemGroup;
import hudson.model.Node;
import hudson.model.Run;
import hudson.security.ACL;
import hudson.security.Permission;
import hudson.util.ListBoxModel;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import jenkins.model.Jenkins;
import org.springframework.security.core.Authentication;

/** In place of the declared class: the system's store, as a test fills it. */
@SuppressWarnings("rawtypes")
public abstract class CredentialsProvider {
    public static final Permission USE_ITEM = new Permission("UseItem");
    public static final Permission VIEW = new Permission("View");

    /** What all providers have together; may wait, or throw. */
    public static volatile Supplier<List<? extends IdCredentials>> providers = List::of;
    public static final AtomicInteger ASKED = new AtomicInteger();
    /** What was tracked, as build or node, and id. */
    public static final BlockingQueue<String> USES = new LinkedBlockingQueue<>();

    public static <C extends Credentials> List<C> lookupCredentialsInItemGroup(
            Class<C> type,
            ItemGroup itemGroup,
            Authentication authentication,
            List<DomainRequirement> domainRequirements) {
        ASKED.incrementAndGet();
        if (itemGroup != Jenkins.get() || authentication != ACL.SYSTEM2 || ACL.current() != ACL.SYSTEM2) {
            throw new AssertionError("another scope than the system's");
        }
        return providers.get().stream().filter(type::isInstance).map(type::cast).toList();
    }

    public static <C extends IdCredentials> ListBoxModel listCredentialsInItemGroup(
            Class<C> type,
            ItemGroup itemGroup,
            Authentication authentication,
            List<DomainRequirement> domainRequirements,
            CredentialsMatcher matcher) {
        ListBoxModel items = new ListBoxModel();
        lookupCredentialsInItemGroup(type, itemGroup, authentication, domainRequirements)
                .forEach(each -> items.add("a token", each.getId()));
        return items;
    }

    public static <C extends Credentials> C track(Run build, C credentials) {
        USES.add(build.getExternalizableId() + " " + ((IdCredentials) credentials).getId());
        return credentials;
    }

    public static <C extends Credentials> C track(Node node, C credentials) {
        USES.add(node.getNodeName() + " " + ((IdCredentials) credentials).getId());
        return credentials;
    }
}

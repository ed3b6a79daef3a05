// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.credential;

import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import com.cloudbees.plugins.credentials.common.StandardCredentials;
import hudson.model.Node;
import hudson.model.Run;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.ListBoxModel;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.Messages;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.plaincredentials.FileCredentials;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;

/**
 * The system's credentials, all providers' together. Loaded only where the plugins credentials and plain-credentials
 * are; a provider may be slow, hang or throw whatever it likes.
 */
final class CredentialStore {
    /** A key of the longest kind. */
    private static final int LONGEST = 8192;

    private CredentialStore() {}

    @SuppressWarnings("try")
    static HeldSecret read(String id) throws IOException {
        try (ACLContext system = ACL.as2(ACL.SYSTEM2)) {
            boolean there = false;
            for (StandardCredentials each : CredentialsProvider.lookupCredentialsInItemGroup(
                    StandardCredentials.class, Jenkins.get(), ACL.SYSTEM2, List.of())) {
                if (id.equals(each.getId())) {
                    there = true;
                    if (each instanceof StringCredentials text) {
                        return held(id, text.getSecret(), each);
                    }
                    if (each instanceof FileCredentials file) {
                        return held(id, content(id, file), each);
                    }
                }
            }
            throw new CredentialTrouble(there ? Messages.Credential_kind(id) : Messages.Credential_missing(id));
        }
    }

    /** Blanks and line ends around it, as editors and stores leave them, don't count. */
    private static HeldSecret held(String id, Secret secret, Object credential) throws CredentialTrouble {
        String plain = secret == null ? "" : secret.getPlainText();
        String text = plain.strip();
        if (text.isEmpty()) {
            throw new CredentialTrouble(Messages.Credential_empty(id));
        }
        return new HeldSecret(id, text.length() == plain.length() ? secret : secret(id, text), credential);
    }

    private static Secret content(String id, FileCredentials file) throws IOException {
        byte[] bytes;
        try (InputStream content = file.getContent()) {
            bytes = content.readNBytes(LONGEST + 1);
        }
        try {
            if (bytes.length > LONGEST) {
                throw new CredentialTrouble(Messages.Credential_content(id, Messages.Credential_long(String.valueOf(LONGEST))));
            }
            return secret(id, new String(bytes, StandardCharsets.UTF_8).strip());
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** Jenkins would decrypt a text that it has encrypted itself: a file is not the place for such. */
    private static Secret secret(String id, String text) throws CredentialTrouble {
        Secret secret = Secret.fromString(text);
        if (!secret.getPlainText().equals(text)) {
            throw new CredentialTrouble(Messages.Credential_content(id, Messages.Credential_encrypted()));
        }
        return secret;
    }

    /** Whether jobs may use it, too: only with the scope System they can't. */
    static boolean isForJobs(Object credential) {
        return ((StandardCredentials) credential).getScope() != CredentialsScope.SYSTEM;
    }

    @SuppressWarnings("try")
    static void track(Object credential, Run<?, ?> run, Node node) {
        try (ACLContext system = ACL.as2(ACL.SYSTEM2)) {
            if (run != null) {
                CredentialsProvider.track(run, (StandardCredentials) credential);
            } else {
                CredentialsProvider.track(node, (StandardCredentials) credential);
            }
        }
    }

    /** Names by id of what can stand for a secret: their content isn't asked for. */
    @SuppressWarnings("try")
    static Map<String, String> names() {
        try (ACLContext system = ACL.as2(ACL.SYSTEM2)) {
            Map<String, String> names = new LinkedHashMap<>();
            add(StringCredentials.class, names);
            add(FileCredentials.class, names);
            return names;
        }
    }

    private static <C extends IdCredentials> void add(Class<C> type, Map<String, String> names) {
        for (ListBoxModel.Option option : CredentialsProvider.listCredentialsInItemGroup(
                type, Jenkins.get(), ACL.SYSTEM2, List.of(), CredentialsMatchers.always())) {
            names.putIfAbsent(option.value, option.name);
        }
    }

    /** The person may see the ids of the system's credentials, and choose one. */
    static boolean maySee() {
        Jenkins jenkins = Jenkins.get();
        return jenkins.hasPermission(CredentialsProvider.VIEW) && jenkins.hasPermission(CredentialsProvider.USE_ITEM);
    }
}

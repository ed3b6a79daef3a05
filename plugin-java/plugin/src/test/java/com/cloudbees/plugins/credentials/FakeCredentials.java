// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package com.cloudbees.plugins.credentials;

import com.cloudbees.plugins.credentials.common.StandardCredentials;
import hudson.model.Descriptor;
import hudson.util.Secret;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import org.jenkinsci.plugins.plaincredentials.FileCredentials;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;

/** Credentials of each kind. */
public class FakeCredentials implements StandardCredentials {
    private static final long serialVersionUID = 1L;

    private final String id;
    final transient Supplier<String> content;

    private FakeCredentials(String id, Supplier<String> content) {
        this.id = id;
        this.content = content;
    }

    public static StandardCredentials text(String id, String content) {
        return text(id, () -> content);
    }

    /** @param content may wait, or throw: a store elsewhere is asked when the secret is */
    public static StandardCredentials text(String id, Supplier<String> content) {
        return new Text(id, content);
    }

    public static StandardCredentials file(String id, String content) {
        return new File(id, content);
    }

    /** Such as a user name with a password. */
    public static StandardCredentials other(String id) {
        return new FakeCredentials(id, () -> "s3cret");
    }

    public static void store(StandardCredentials... credentials) {
        CredentialsProvider.providers = () -> List.of(credentials);
        CredentialsProvider.ASKED.set(0);
        CredentialsProvider.USES.clear();
    }

    @Override
    public String getId() {
        return id;
    }

    @Override
    public CredentialsScope getScope() {
        return id.startsWith("global-") ? CredentialsScope.GLOBAL : CredentialsScope.SYSTEM;
    }

    @Override
    public Descriptor<Credentials> getDescriptor() {
        return null;
    }

    private static final class Text extends FakeCredentials implements StringCredentials {
        private static final long serialVersionUID = 1L;

        Text(String id, Supplier<String> content) {
            super(id, content);
        }

        @Override
        public Secret getSecret() {
            String text = content.get();
            return text == null ? null : Secret.fromString(text);
        }
    }

    private static final class File extends FakeCredentials implements FileCredentials {
        private static final long serialVersionUID = 1L;

        File(String id, String content) {
            super(id, () -> content);
        }

        @Override
        public InputStream getContent() {
            return new ByteArrayInputStream(content.get().getBytes(StandardCharsets.UTF_8));
        }
    }
}

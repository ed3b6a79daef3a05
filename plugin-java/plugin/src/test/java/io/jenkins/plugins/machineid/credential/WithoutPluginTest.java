// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.credential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import hudson.util.Secret;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A Jenkins without the plugins Credentials, Plain Credentials, Folders and Metrics. */
class WithoutPluginTest {
    private static final Path CLASSES = Path.of("target/classes");
    /** Those that know the other plugins' types, and an extension that is marked as optional. */
    private static final Pattern KNOWN = Pattern.compile("io\\.jenkins\\.plugins\\.machineid\\."
            + "(credential\\.CredentialStore|folder\\.FolderIdentities\\$Known|folder\\.FolderIdentitiesProperty(\\$DescriptorImpl)?"
            + "|setup\\.FolderPage\\$Factory|metrics\\.PluginMetrics(\\$\\w+)?):");

    private static final List<String> THEIRS = List.of(
            "com.cloudbees.", "org.jenkinsci.plugins.plaincredentials.", "com.codahale.", "jenkins.metrics.");

    /** The plugin's classes anew, as its class loader sees them there. */
    private static ClassLoader loader() throws MalformedURLException {
        return new URLClassLoader(new URL[] {CLASSES.toUri().toURL()}, WithoutPluginTest.class.getClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                if (THEIRS.stream().anyMatch(name::startsWith)) {
                    throw new ClassNotFoundException(name);
                }
                if (name.startsWith("io.jenkins.plugins.machineid.")) {
                    Class<?> known = findLoadedClass(name);
                    return known == null ? findClass(name) : known;
                }
                return super.loadClass(name, resolve);
            }
        };
    }

    private static Class<?> own(ClassLoader loader, String name) throws ClassNotFoundException {
        return Class.forName("io.jenkins.plugins.machineid." + name, true, loader);
    }

    /** Jenkins, Stapler and Configuration as Code look at each class's members. */
    @Test
    void each_class_but_those_few_can_be_looked_at() throws IOException, ClassNotFoundException {
        ClassLoader loader = loader();
        List<String> broken = new ArrayList<>();
        int seen = 0;
        try (Stream<Path> files = Files.walk(CLASSES)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".class")).sorted().toList()) {
                String name = CLASSES.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
                try {
                    Class<?> type = Class.forName(name, false, loader);
                    type.getDeclaredMethods();
                    type.getDeclaredFields();
                    type.getDeclaredConstructors();
                    seen++;
                } catch (LinkageError e) {
                    broken.add(name + ": " + e.getMessage());
                }
            }
        }
        assertTrue(seen > 100, seen + " classes seen");
        broken.removeIf(line -> KNOWN.matcher(line).lookingAt());
        assertEquals(List.of(), broken);
    }

    @Test
    void a_credential_that_is_set_is_one_clear_sentence() throws Exception {
        ClassLoader loader = loader();
        Class<?> refs = own(loader, "credential.CredentialRef");
        Object ref = refs.getMethod("either", Secret.class, String.class, Consumer.class)
                .invoke(null, null, "vault", (Consumer<Secret>) secret -> {});
        Throwable told = assertThrows(InvocationTargetException.class, () -> own(loader, "credential.Credentials")
                        .getMethod("read", refs)
                        .invoke(null, ref))
                .getCause();
        assertTrue(told.getMessage().contains("'vault'") && told.getMessage().endsWith("[credential_plugin]"), told.getMessage());
    }

    @Test
    void the_form_keeps_the_value_and_says_what_is_missing() throws Exception {
        Class<?> field = own(loader(), "credential.CredentialField");
        ListBoxModel items = (ListBoxModel)
                field.getMethod("choices", String.class, boolean.class).invoke(null, "vault", true);
        assertEquals(List.of("", "vault"), items.ids());
        FormValidation told = (FormValidation)
                field.getMethod("check", String.class, boolean.class).invoke(null, "vault", true);
        assertEquals(FormValidation.Kind.ERROR, told.kind);
        assertEquals(false, field.getMethod("maySee").invoke(null));
    }

    @Test
    void folders_define_nothing_there() throws Exception {
        ClassLoader loader = loader();
        Class<?> folders = own(loader, "folder.FolderIdentities");
        Class<?> settings = own(loader, "config.Settings");
        assertEquals(List.of(), folders.getMethod("everywhere", settings).invoke(null, (Object) null));
        assertEquals(false, folders.getMethod("mayConfigure", String.class).invoke(null, "team-b"));
    }

    @Test
    void what_needs_no_credential_works_as_ever() throws Exception {
        ClassLoader loader = loader();
        Object join = own(loader, "join.TokenJoin").getConstructor().newInstance();
        join.getClass().getMethod("setToken", Secret.class).invoke(join, Secret.fromString("s3cret"));
        join.getClass().getMethod("check").invoke(join);
        Object told = join.getClass().getMethod("request", Object.class, String.class).invoke(join, null, null);
        assertTrue(told.toString().contains("method=token"), told.toString());
    }
}

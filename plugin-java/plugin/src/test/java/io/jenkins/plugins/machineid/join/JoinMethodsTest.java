// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Descriptor;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.credential.CredentialRef;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jenkinsci.Symbol;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each join method: what its form sets, what the library is told, and what the contract says of it. */
class JoinMethodsTest {
    private static final Path CLASSES = Path.of("target/classes");
    private static final Path VIEWS = Path.of("src/main/resources");
    private static final Path VOCABULARY =
            Path.of(System.getProperty("machineid.contract", "../../contract"), "vocabulary.json");
    private static final Pattern FIELD = Pattern.compile("<f:entry[^>]* field=\"(\\w+)\"");
    private static final Secret SECRET = Secret.fromString("s3cret");

    /** A method with something set, and the settings that come of it. Several rows: what excludes each other. */
    record Row(JoinMethod method, Map<String, Object> settings) {
        @Override
        public String toString() {
            return method.method() + " " + settings.keySet();
        }
    }

    private static Row row(JoinMethod method, Map<String, Object> settings) {
        if (method instanceof NamedTokenJoin named) {
            named.setTokenName("jenkins");
        }
        return new Row(method, settings);
    }

    private static <T extends JoinMethod> T with(T method, java.util.function.Consumer<T> set) {
        set.accept(method);
        return method;
    }

    static Stream<Row> rows() {
        List<Row> rows = new ArrayList<>(List.of(
                row(with(new TokenJoin(), join -> join.setToken(SECRET)), Map.of()),
                row(new IamJoin(), Map.of()),
                row(with(new IamJoin(), join -> join.setFips(true)), Map.of("fips", true)),
                row(
                        with(new AzureJoin(), join -> join.setClientId("00000000-1111-2222-3333-44444444aBcD")),
                        Map.of("client_id", "00000000-1111-2222-3333-44444444aBcD")),
                row(with(new KubernetesJoin(), join -> join.setTokenPath("/run/token")), Map.of("token_path", "/run/token")),
                row(with(new TerraformCloudJoin(), join -> join.setAudienceTag("TP")), Map.of("audience_tag", "TP")),
                row(with(new GenericOidcJoin(), join -> {
                    join.setCommand(List.of("/bin/id-token\n--audience\na b\n", "-v", "-v"));
                    join.setTimeout("1m30s");
                }), Map.of("command", List.of("/bin/id-token", "--audience", "a b", "-v", "-v"), "timeout", 90L)),
                row(
                        with(new BoundKeypairJoin(), join -> join.setRegistrationSecret(SECRET)),
                        Map.of("registration_secret", SECRET)),
                row(
                        with(new BoundKeypairJoin(), join -> join.setRegistrationSecretPath("/etc/secret")),
                        Map.of("registration_secret_path", "/etc/secret")),
                row(
                        with(new BoundKeypairJoin(), join -> join.setStaticKeyPath("/etc/key")),
                        Map.of("static_key_path", "/etc/key")),
                row(
                        with(new BoundKeypairJoin(), join -> join.setStaticKeyCredentialsId("the-key")),
                        Map.of("static_key", CredentialRef.of("the-key", content -> {})))));
        for (String form : List.of("kubernetes", "gitlab", "generic_oidc")) {
            rows.add(row(with(new JenkinsJoin(), join -> join.setForm(form)), Map.of("given", true)));
        }
        for (int place = 0; place < 3; place++) {
            for (IdTokenJoin join : idTokenMethods()) {
                switch (place) {
                    case 0 -> rows.add(row(join, Map.of()));
                    case 1 -> rows.add(row(with(join, it -> it.setVariable("CI_JWT")), Map.of("variable", "CI_JWT")));
                    default -> rows.add(row(with(join, it -> it.setFile("/run/jwt")), Map.of("file", "/run/jwt")));
                }
            }
        }
        return rows.stream();
    }

    private static List<IdTokenJoin> idTokenMethods() {
        return List.of(
                new GithubJoin(), new GitlabJoin(), new CircleciJoin(), new SpaceliftJoin(), new TerraformCloudJoin(),
                new BitbucketJoin(), new AzureDevopsJoin(), new Env0Join(), new GcpJoin(), new GenericOidcJoin());
    }

    /** By name, from the class files: none is forgotten above. */
    private static Map<String, JoinMethod> built() throws IOException, ReflectiveOperationException {
        Map<String, JoinMethod> built = new TreeMap<>();
        Path folder = CLASSES.resolve(JoinMethod.class.getPackageName().replace('.', '/'));
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(path -> path.toString().endsWith("Join.class")).toList()) {
                Class<?> type = Class.forName(
                        JoinMethod.class.getPackageName() + "." + file.getFileName().toString().replace(".class", ""));
                if (!Modifier.isAbstract(type.getModifiers())) {
                    JoinMethod method = (JoinMethod) type.getConstructor().newInstance();
                    assertEquals(null, built.put(method.symbol(), method), method.symbol());
                }
            }
        }
        return built;
    }

    /** By the library's names. */
    private static Map<String, Map<String, Object>> settings() {
        Map<String, Map<String, Object>> settings = new TreeMap<>();
        rows().forEach(row ->
                settings.computeIfAbsent(row.method().method(), unused -> new TreeMap<>()).putAll(row.settings()));
        return settings;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void the_library_is_told_what_is_set_and_nothing_else(Row row) {
        row.method().check();
        Map<String, Object> told = new TreeMap<>(Map.of("method", row.method().method()));
        told.put("token", row.method() instanceof TokenJoin ? SECRET : "jenkins");
        if (!row.settings().isEmpty()) {
            told.put("settings", row.settings());
        }
        assertEquals(told, new TreeMap<>(row.method().request(null, null)));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void an_agents_own_token_counts_only_where_a_secret_is_kept(Row row) {
        Secret own = Secret.fromString("the-agents");
        Map<String, Object> told = row.method().request(own, null);
        assertEquals(row.method().keepsSecret(), own.equals(told.get("token")));
        Map<String, Object> byFile = row.method().request(null, "/home/me/token");
        assertEquals(row.method().keepsSecret(), "/home/me/token".equals(byFile.get("token_file")));
        if (row.method().keepsSecret()) {
            assertTrue(!told.toString().contains("registration_secret="), told.keySet().toString());
            assertEquals(null, byFile.get("token"));
        }
    }

    @Test
    void each_class_has_its_row_its_symbol_and_its_help() throws Exception {
        Map<String, JoinMethod> built = built();
        Set<String> rows = new TreeSet<>();
        rows().forEach(row -> rows.add(row.method().symbol()));
        assertEquals(built.keySet(), rows);
        for (JoinMethod method : built.values()) {
            Class<?> form = Class.forName(method.getClass().getName() + "$DescriptorImpl");
            assertEquals(List.of(method.symbol()), List.of(form.getAnnotation(Symbol.class).value()));
            String shown = ((Descriptor<?>) form.getConstructor().newInstance()).getDisplayName();
            assertEquals(method.symbol(), shown.split(" ")[0]);
            String help = Files.readString(view(method.getClass(), "help.html"));
            int sentences = help.split("\\.(?=\\s)").length - 1;
            assertTrue(sentences >= 2 && sentences <= 4, method.method() + ": " + sentences + " sentences");
            assertTrue(help.contains("Teleport"), method.method());
        }
    }

    /** Jenkins looks for a form in the class and its ancestors; a form includes that of the class above. */
    @Test
    void each_field_of_a_form_is_a_property_and_each_property_a_field() throws Exception {
        for (JoinMethod method : built().values()) {
            Set<String> fields = new TreeSet<>();
            List<String> included = new ArrayList<>();
            for (Class<?> type = method.getClass(); type != JoinMethod.class; type = type.getSuperclass()) {
                Path form = view(type, "config.jelly");
                if (Files.exists(form) && (included.isEmpty() || included.contains(type.getName()))) {
                    String text = Files.readString(form);
                    Matcher matcher = FIELD.matcher(text);
                    while (matcher.find()) {
                        fields.add(matcher.group(1));
                    }
                    Matcher includes = Pattern.compile("class=\"([\\w.]+)\"").matcher(text);
                    included.add(includes.find() ? includes.group(1) : "none");
                }
            }
            Set<String> properties = new TreeSet<>();
            for (java.lang.reflect.Method each : method.getClass().getMethods()) {
                if (each.getName().startsWith("set")) {
                    properties.add(Character.toLowerCase(each.getName().charAt(3)) + each.getName().substring(4));
                }
            }
            assertEquals(properties, fields, method.method());
        }
    }

    private static Path view(Class<?> type, String name) {
        return VIEWS.resolve(type.getName().replace('.', '/')).resolve(name);
    }

    /** The list itself is the library's. */
    @Test
    void the_methods_and_their_settings_are_the_vocabularys() throws Exception {
        JSONArray listed = new JSONObject(Files.readString(VOCABULARY)).getJSONArray("join_methods");
        Map<String, JoinMethod> built = built();
        Map<String, Set<String>> theirs = new TreeMap<>();
        Map<String, Set<String>> ours = new TreeMap<>();
        settings().forEach((name, settings) -> ours.put(name, new TreeSet<>(settings.keySet())));
        for (Object each : listed) {
            JSONObject method = (JSONObject) each;
            Set<String> fields = new TreeSet<>();
            theirs.put(method.getString("name"), fields);
            for (Object one : method.getJSONArray("fields")) {
                JSONObject field = (JSONObject) one;
                fields.add(field.getString("name"));
                Object value = settings().getOrDefault(method.getString("name"), Map.of()).get(field.getString("name"));
                boolean guarded = value instanceof Secret || value instanceof CredentialRef;
                assertEquals(field.getString("kind").equals("secret"), guarded, field.toString());
            }
            if (built.containsKey(method.getString("name"))) {
                assertEquals(
                        method.getBoolean("secret") || method.getBoolean("stored"),
                        built.get(method.getString("name")).keepsSecret(),
                        method.toString());
            }
        }
        assertEquals(theirs, ours);
    }

    @Test
    void what_excludes_each_other_is_refused_by_name() {
        GitlabJoin gitlab = new GitlabJoin();
        gitlab.setTokenName("jenkins");
        gitlab.setVariable("CI_JWT");
        gitlab.setFile("/run/jwt");
        refused(gitlab, "gitlab takes only one of variable, file");
        TerraformCloudJoin terraform = new TerraformCloudJoin();
        terraform.setTokenName("jenkins");
        terraform.setVariable("CI_JWT");
        terraform.setAudienceTag("TP");
        refused(terraform, "variable, audience_tag");
        GenericOidcJoin oidc = new GenericOidcJoin();
        oidc.setTokenName("jenkins");
        oidc.setFile("/run/jwt");
        oidc.setCommand(List.of("/bin/id-token"));
        refused(oidc, "file, command");
        BoundKeypairJoin keypair = new BoundKeypairJoin();
        keypair.setRegistrationSecret(SECRET);
        keypair.setStaticKeyPath("/etc/key");
        refused(keypair, "registration_secret, static_key_path");
        keypair.setRegistrationSecret(null);
        keypair.setStaticKeyCredentialsId("the-key");
        refused(keypair, "static_key_path, static_key");
        TokenJoin token = new TokenJoin();
        token.setToken(SECRET);
        token.setTokenFile("/etc/token");
        refused(token, "keep one");
    }

    @Test
    void a_method_without_secret_needs_the_name_of_its_token() {
        refused(new IamJoin(), "Method iam needs the name");
        new TokenJoin().check();
        new BoundKeypairJoin().check();
    }

    private static void refused(JoinMethod method, String words) {
        String sentence = assertThrows(IllegalArgumentException.class, method::check).getMessage();
        assertTrue(sentence.contains(words), sentence);
        assertTrue(!sentence.contains("s3cret"), sentence);
    }

    @Test
    void hostile_values_are_refused_where_they_are_set() {
        IamJoin iam = new IamJoin();
        for (String text : List.of("a b", "a\nb", "a\u0000b", "ü", "x".repeat(5000), "https://example.com/token")) {
            assertThrows(IllegalArgumentException.class, () -> iam.setTokenName(text), text);
        }
        for (String text : List.of("token", "../x", "/a/../b", "/a\nb")) {
            assertThrows(IllegalArgumentException.class, () -> iam.setTokenFile(text), text);
            assertThrows(IllegalArgumentException.class, () -> new GitlabJoin().setFile(text), text);
            assertThrows(IllegalArgumentException.class, () -> new KubernetesJoin().setTokenPath(text), text);
            assertThrows(IllegalArgumentException.class, () -> new BoundKeypairJoin().setStaticKeyPath(text), text);
            assertThrows(IllegalArgumentException.class, () -> new BoundKeypairJoin().setRegistrationSecretPath(text), text);
        }
        for (String text : List.of("A=B", "$(id)", "1A", "A B")) {
            assertThrows(IllegalArgumentException.class, () -> new GitlabJoin().setVariable(text), text);
            assertThrows(IllegalArgumentException.class, () -> new TerraformCloudJoin().setAudienceTag(text), text);
            assertThrows(IllegalArgumentException.class, () -> new AzureJoin().setClientId(text), text);
        }
        for (String text : List.of("0s", "11m", "1h", "-1s", "999999999999s", "s")) {
            assertThrows(IllegalArgumentException.class, () -> new GenericOidcJoin().setTimeout(text), text);
        }
        assertThrows(IllegalArgumentException.class, () -> new GenericOidcJoin().setCommand(List.of("/bin/x", "a\u0000b")));
        BoundKeypairJoin keypair = new BoundKeypairJoin();
        for (String text : List.of("a b", "a\u0007", "tbot+proxy+bound-keypair://n:s3cret@t.example.com:443")) {
            String sentence = assertThrows(
                            IllegalArgumentException.class, () -> keypair.setRegistrationSecret(Secret.fromString(text)))
                    .getMessage();
            assertTrue(!sentence.contains("s3cret"), sentence);
        }
    }

    /** So that Configuration as Code doesn't export what nobody has set. */
    @Test
    void equal_is_what_asks_for_the_same() {
        assertEquals(new TokenJoin(), new TokenJoin());
        assertEquals(new TokenJoin().hashCode(), new TokenJoin().hashCode());
        assertNotEquals(new TokenJoin(), new IamJoin());
        assertNotEquals(new TokenJoin(), with(new TokenJoin(), join -> join.setToken(SECRET)));
        assertNotEquals(new IamJoin(), with(new IamJoin(), join -> join.setFips(true)));
        assertEquals(new JenkinsJoin(), with(new JenkinsJoin(), join -> join.setForm("kubernetes")));
        assertNotEquals(new JenkinsJoin(), with(new JenkinsJoin(), join -> join.setForm("gitlab")));
        assertNotEquals(new JenkinsJoin(), with(new JenkinsJoin(), join -> join.setAudience("example.com")));
    }
}

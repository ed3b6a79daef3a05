// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The resources as a cluster reads them, by a YAML parser of others. */
class ResourcesTest {
    private static final String JWKS = "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"use\":\"sig\",\"kid\":\"k1\",\"alg\":\"RS256\",\"n\":\"x-_y\"}]}";

    private static Plan plan(StatementForm form, String token, List<String> roles, List<String> jobs) {
        return new Plan("api", roles, "jenkins", token, new Plan.Signed(
                form, "example.com", "https://ci.example.com/machine-id-issuer", JWKS, AllowRules.of(form, "api", jobs, jobs), jobs), null);
    }

    private static List<String> methods() throws IOException {
        Path contract = Path.of(System.getProperty("machineid.contract", "../../contract"));
        List<String> names = new ArrayList<>();
        new JSONObject(Files.readString(contract.resolve("vocabulary.json")))
                .getJSONArray("join_methods")
                .forEach(method -> names.add(((JSONObject) method).getString("name")));
        return names;
    }

    private static List<Map<?, ?>> read(List<Resource> resources) {
        List<Map<?, ?>> documents = new ArrayList<>();
        new org.yaml.snakeyaml.Yaml()
                .loadAll(Yaml.of(resources))
                .forEach(document -> documents.add((Map<?, ?>) document));
        return documents;
    }

    /** For whoever has the text alone, as from the command line. */
    @ParameterizedTest
    @ValueSource(strings = {"15.4.2 and takes it", "12.3.0 and doesn't take it"})
    void the_text_says_which_version_was_seen(String said) {
        Plan unseen = plan(StatementForm.KUBERNETES, "jenkins-api", List.of(), List.of("team-a/app"));
        Plan plan = new Plan(
                "api", List.of(), "jenkins", "jenkins-api", unseen.signed(), TeleportVersion.parse(said.split(" ")[0]).orElseThrow());
        assertTrue(Yaml.of(Resources.tokenAndBot(plan)).contains("Join method kubernetes with given keys: Teleport 12.4, 13.4 or 14"));
        assertTrue(Yaml.of(Resources.tokenAndBot(plan)).contains("Teleport " + said.replaceFirst(" and", ", as an agent says, and")));
        assertFalse(Yaml.of(Resources.tokenAndBot(unseen)).contains("as an agent says"));
    }

    @ParameterizedTest
    @EnumSource(StatementForm.class)
    void a_bot_and_its_token_for_each_form(StatementForm form) {
        List<Map<?, ?>> read = read(Resources.tokenAndBot(plan(form, "jenkins-api", List.of("api-workers"), List.of("team-a/app"))));
        assertEquals(
                Map.of("kind", "bot", "version", "v1", "metadata", Map.of("name", "api"), "spec", Map.of("roles", List.of("api-workers"))),
                read.get(1));
        Object own = switch (form) {
            case KUBERNETES -> Map.of(
                    "type", "static_jwks",
                    "static_jwks", Map.of("jwks", JWKS),
                    "allow", List.of(Map.of("service_account", "team-a:app@api")));
            case GITLAB -> Map.of(
                    // An old cluster doesn't know the keys: it must not trust gitlab.com instead.
                    "domain", "jenkins.invalid",
                    "static_jwks", JWKS,
                    "allow", List.of(Map.of("project_path", "team-a/app", "environment", "api")));
            case GENERIC_OIDC -> Map.of(
                    "issuer", "https://ci.example.com/machine-id-issuer",
                    "audience", "example.com",
                    "static_jwks", JWKS,
                    "allow_any", List.of(Map.of("conditions", List.of(
                            Map.of("attribute", "jenkins.job", "in", Map.of("values", List.of("team-a/app"))),
                            Map.of("attribute", "jenkins.identity", "eq", Map.of("value", "api"))))));
        };
        assertEquals(
                Map.of(
                        "kind", "token",
                        "version", "v2",
                        "metadata", Map.of("name", "jenkins-api"),
                        "spec", Map.of(
                                "roles", List.of("Bot"),
                                "bot_name", "api",
                                "join_method", form.method(),
                                form.method(), own)),
                read.get(0));
        assertTrue(Yaml.of(Resources.tokenAndBot(plan(form, "t", List.of(), List.of("a")))).contains(form.since()));
    }

    /** Else whoever may name a job could let himself in, or make resources of his own. */
    @ParameterizedTest
    @ValueSource(strings = {
        "a\"\n---\nkind: role", "a'b", "x: y", "# x", "ä/ö", "${file(\"/etc/passwd\")}", "%{ if true }", "a\u2028b", "- x", "{}", "a\\", "\"]}}"
    })
    void a_hostile_name_stays_one_value(String name) {
        for (StatementForm form : StatementForm.values()) {
            Plan plan = plan(form, name, List.of(name), List.of(name, "team/" + name, name + "/*"));
            List<Resource> all = new ArrayList<>(Resources.roles(plan));
            all.addAll(Resources.tokenAndBot(plan));
            assertEquals(all.stream().map(Resource::tree).toList(), read(all), name);
            for (Resource each : all) {
                assertEquals(each.body(), HclReader.block(Hcl.of(List.of(each)), each.terraform(), Hcl.label(each.name())), name);
            }
            assertEquals(List.of("role", "token", "bot"), all.stream().map(Resource::kind).toList());
        }
    }

    @Test
    void a_role_is_a_beginning_that_reaches_nothing_by_itself() {
        List<Map<?, ?>> roles = read(Resources.roles(plan(StatementForm.GITLAB, "t", List.of("one", "two"), List.of())));
        assertEquals(2, roles.size());
        assertEquals(
                Map.of("allow", Map.of("logins", List.of("jenkins"), "node_labels", Map.of("machine-id-role", List.of("one")))),
                roles.get(0).get("spec"));
        assertEquals(
                List.of("api"),
                Resources.roles(plan(StatementForm.GITLAB, "t", List.of(), List.of())).stream().map(Resource::name).toList());
    }

    @Test
    void each_method_of_the_library_has_a_beginning_of_its_rules() throws IOException {
        TreeSet<String> without = new TreeSet<>(methods());
        without.removeIf(method -> !MethodRules.of(method).isEmpty());
        assertEquals(new TreeSet<>(List.of("token")), without);
        for (String method : methods()) {
            Plan plan = new Plan("api", List.of("r"), method, method.equals("token") ? "" : "t", null, null);
            assertEquals(
                    Resources.tokenAndBot(plan).stream().map(Resource::tree).toList(), read(Resources.tokenAndBot(plan)));
            assertFalse(Commands.of(plan).isEmpty());
        }
    }

    @Test
    void the_commands_fit_the_versions() {
        String token = Commands.of(new Plan("api", List.of("api workers", "b"), "token", "", null, null));
        assertTrue(token.contains("tctl bots add api --roles='api workers,b'\n"), token);
        assertTrue(token.contains("16.2") && token.contains("tctl bots instances add api\n"), token);
        assertTrue(token.contains("tctl bots rm api\n") && token.contains("tctl bots instances add api --legacy\n"), token);
        String bound = Commands.of(new Plan("api", List.of("r"), "bound_keypair", "b'd", null, null));
        assertTrue(bound.contains("tctl get token/'b'\\''d' --format=yaml"), bound);
        Plan hostile = new Plan("api", List.of("a'; rm -rf /; '", "$(id)\nid"), "iam", "t", null, null);
        assertTrue(Commands.add(hostile).endsWith("--roles='a'\\''; rm -rf /; '\\'',$(id)\nid'"), Commands.add(hostile));
    }

    private static String commands(String method, String token, String version) {
        return Commands.of(new Plan("api", List.of("r"), method, token, null, TeleportVersion.parse(version).orElse(null)));
    }

    @Test
    void what_the_clusters_version_makes_needless_is_left_out() {
        for (String version : List.of("", "16.1.9", "16.2.0", "19.0.0-rc.1")) {
            boolean unknown = version.isEmpty();
            String token = commands("token", "", version);
            assertTrue(token.contains("tctl bots add api"), version);
            assertEquals(!version.equals("16.1.9"), token.contains("tctl bots instances add api\n"), version);
            assertEquals(unknown || version.equals("16.1.9"), token.contains("tctl bots rm api"), version);
            assertEquals(unknown || version.startsWith("19"), token.contains("--legacy"), version);
        }
        assertTrue(commands("iam", "t", "14.9.9").contains("--token=t"));
        assertTrue(commands("iam", "t", "").contains("--token=t"));
        assertFalse(commands("iam", "t", "15.0.0").contains("--token=t"));
        Plan plan = new Plan("api", List.of("r"), "iam", "t", null, new TeleportVersion(17, 0, 0));
        assertFalse(Yaml.of(Resources.tokenAndBot(plan)).contains("older ones refuse it"));
        assertTrue(Yaml.of(Resources.tokenAndBot(plan)).contains("kind: bot"));
    }
}

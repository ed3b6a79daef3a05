// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.jenkins.plugins.machineid.Golden;
import io.jenkins.plugins.machineid.access.AgentRule;
import io.jenkins.plugins.machineid.issuer.GivenKeys;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.json.JSONObject;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * What the set-up page writes, in {@code contract/setup}: {@code tests/teleport} feeds it to a real {@code tctl create};
 * here it is held to a schema of Teleport's resources.
 */
class SetupContractTest {
    private static final List<String> JOBS = List.of("team/app/deploy", "tool", "team/**");

    /** What the forms let through and people could have: letters of all kinds, and what YAML, Go or a shell reads otherwise. */
    private static final List<String> HOSTILE = List.of(
            "team \"a\"/it's", "x: y/# z", "- a/{b}", "ä/ö ß", "日本/Ω 😀", "a\\b/\\n", "${file(\"/etc/passwd\")}/%{ if true }", "yes", "~",
            "12:30", "a\u2028b\u0085c", "\u202ea", "a:b/c@d", "-/a", "</textarea><script>", "---", "&a/*", "\"]}}, x/**");

    @TempDir
    static Path home;

    private static Schema schema;

    @BeforeAll
    static void read() throws IOException {
        schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(Files.readString(Golden.path("setup/schema.json")), InputFormat.JSON);
    }

    private static Plan plan(String name, String method, Plan.Signed signed) {
        return new Plan(name, List.of(name), method, name, signed, null);
    }

    private static Plan signed(String name, StatementForm form, List<String> jobs, int steps) throws IOException {
        String jwks = GivenKeys.jwks(steps, Files.createTempDirectory(home, "keys"));
        List<String> existing = jobs.stream().filter(job -> job.indexOf('*') < 0).toList();
        return plan(name, "jenkins", new Plan.Signed(
                form, "example.test", "https://ci.example.com/machine-id-issuer", jwks, AllowRules.of(form, name, jobs, existing), existing));
    }

    /** An identity that states agents: by names, one of them hostile, and the built-in node. */
    private static Plan agents(String name, StatementForm form) throws IOException {
        AgentRule rule = AgentRule.named("api-1", "a:b/c \"d\"");
        return plan(name, "jenkins", new Plan.Signed(
                form,
                "example.test",
                "https://ci.example.com/machine-id-issuer",
                GivenKeys.jwks(0, Files.createTempDirectory(home, "keys")),
                AgentRules.of(form, name, rule, true, List.of()),
                List.of()));
    }

    /** By the names of their files. */
    private static Map<String, Plan> plans() throws IOException {
        Map<String, Plan> plans = new TreeMap<>();
        for (StatementForm form : StatementForm.values()) {
            String own = form.method().replace('_', '-');
            plans.put("signed-" + own, signed("signed-" + own, form, JOBS, 0));
            // The same, while a rotation is under way and after it.
            plans.put("signed-" + own + "-published", signed("signed-" + own, form, JOBS, 1));
            plans.put("signed-" + own + "-dropped", signed("signed-" + own, form, JOBS, 3));
            plans.put("agents-" + own, agents("agents-" + own, form));
            plans.put("hostile-" + own, signed("hostile-" + own, form, HOSTILE, 0));
        }
        new JSONObject(Files.readString(Golden.path("vocabulary.json")))
                .getJSONArray("join_methods")
                .forEach(each -> {
                    String method = ((JSONObject) each).getString("name");
                    // The token of that one is made by a command.
                    if (!method.equals("token")) {
                        String name = "method-" + method.replace('_', '-');
                        plans.put(name, plan(name, method, null));
                    }
                });
        return plans;
    }

    /** Both texts of the page. */
    private static String text(Plan plan) {
        List<Resource> all = new ArrayList<>(Resources.roles(plan));
        all.addAll(Resources.tokenAndBot(plan));
        return io.jenkins.plugins.machineid.setup.Yaml.of(all);
    }

    /** What the schema says against each document. */
    private static List<String> findings(String yaml) {
        List<String> findings = new ArrayList<>();
        new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(yaml).forEach(document -> {
            String json = new JSONObject((Map<?, ?>) document).toString();
            schema.validate(json, InputFormat.JSON).forEach(error -> findings.add(error.toString()));
        });
        return findings;
    }

    @Test
    void what_the_page_writes_is_what_a_real_cluster_is_fed() throws IOException {
        TreeSet<String> files = new TreeSet<>();
        for (Map.Entry<String, Plan> each : plans().entrySet()) {
            files.add(each.getKey() + ".yaml");
            Golden.assertHolds("setup/" + each.getKey() + ".yaml", text(each.getValue()));
        }
        try (Stream<Path> held = Files.list(Golden.path("setup"))) {
            assertEquals(files, new TreeSet<>(held.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(".yaml")).toList()));
        }
    }

    @Test
    void it_keeps_to_the_schema() throws IOException {
        for (Map.Entry<String, Plan> each : plans().entrySet()) {
            assertEquals(List.of(), findings(text(each.getValue())), each.getKey());
        }
    }

    /** Else the schema would prove nothing. */
    @Test
    void the_schema_finds_what_a_cluster_would_drop_or_refuse() throws IOException {
        String good = text(plans().get("signed-gitlab"));
        for (String[] change : new String[][] {
            {"project_path:", "projectpath:"}, {"static_jwks:", "jwks:"}, {"bot_name:", "bot:"}, {"version: v2", "version: v3"},
            {"kind: bot", "kind: bots"}, {"join_method: gitlab", "join_method: github"}, {"  roles:\n  - Bot", "  roles: Bot"},
            {"kind: role", "kind: user"}, {"node_labels", "labels"}
        }) {
            assertTrue(good.contains(change[0]), change[0]);
            assertFalse(findings(good.replace(change[0], change[1])).isEmpty(), change[0]);
        }
        String exact = text(plans().get("signed-kubernetes"));
        assertFalse(findings(exact.replace("team/app:deploy@", "team/app:x:deploy@")).isEmpty());
        assertFalse(findings(exact.replace("type: static_jwks", "type: oidc")).isEmpty());
    }
}

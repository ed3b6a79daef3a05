// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** The page, the example alerts and the dashboard have the metrics of the list. */
class MetricsPageTest {
    private static final Path PAGE = Path.of("../../docs/metrics.md");
    private static final Path ALERTS = Path.of("../../docs/metrics/alerts.yaml");
    private static final Path DASHBOARD = Path.of("../../docs/metrics/dashboard.json");
    private static final String BEGIN = "<!-- jenkins metrics: made by MetricsPageTest -->\n";
    private static final String END = "<!-- end of jenkins metrics -->";
    private static final Pattern NAME = Pattern.compile("\\bjenkins_machine_id_\\w+");

    @Test
    void the_page_has_the_same_metrics() throws IOException {
        StringBuilder table = new StringBuilder("| name | type | meaning |\n|---|---|---|\n");
        for (Metric metric : Metric.values()) {
            table.append("| `%s` | %s | %s |\n".formatted(metric.shown(), metric.kind().word(), metric.meaning()));
        }
        String page = Files.readString(PAGE);
        int begin = page.indexOf(BEGIN);
        int end = page.indexOf(END);
        assertTrue(begin > 0 && end > begin);
        String wanted = page.substring(0, begin) + BEGIN + table + page.substring(end);
        if (Golden.blessing()) {
            Files.writeString(PAGE, wanted);
        }
        assertEquals(wanted, Files.readString(PAGE), "run the test with BLESS=1 in the environment and commit the result");
    }

    private static boolean isKnown(String name) {
        return Arrays.stream(Metric.values()).anyMatch(metric -> {
            List<String> shown = metric.words() == null
                    ? List.of(metric.shown())
                    : metric.words().stream().map(metric::shown).toList();
            return shown.contains(name)
                    || name.equals(metric.shown())
                    || metric.kind() == Metric.Kind.SUMMARY && shown.stream().anyMatch(one -> name.equals(one + "_count"));
        });
    }

    /** Names that are patterns over a part end with an underscore. */
    private static void assertKnown(String text) {
        int seen = 0;
        for (Matcher names = NAME.matcher(text); names.find(); seen++) {
            String name = names.group();
            boolean known = isKnown(name)
                    || name.endsWith("_") && Arrays.stream(Metric.values()).anyMatch(metric -> metric.shown().startsWith(name));
            assertTrue(known, name + " isn't in the list");
        }
        assertTrue(seen > 5, "only " + seen);
    }

    @Test
    void alerts_look_for_what_there_is() throws IOException {
        assertKnown(Files.readString(ALERTS));
    }

    @Test
    void the_dashboard_shows_what_there_is() throws IOException {
        JSONArray panels = new JSONObject(Files.readString(DASHBOARD)).getJSONArray("panels");
        StringBuilder expressions = new StringBuilder();
        for (Object panel : panels) {
            ((JSONObject) panel).getJSONArray("targets").forEach(target -> expressions
                    .append(((JSONObject) target).getString("expr"))
                    .append('\n'));
        }
        assertKnown(expressions.toString());
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.codahale.metrics.MetricRegistry;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.lease.AgentCountObserver;
import io.jenkins.plugins.machineid.lease.LeaseLoad;
import io.jenkins.plugins.machineid.lease.LeaseObserver;
import io.jenkins.plugins.machineid.report.Condition;
import io.jenkins.plugins.machineid.warning.Cause;
import io.jenkins.plugins.machineid.warning.Facts;
import io.jenkins.plugins.machineid.warning.Known;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.dropwizard.DropwizardExports;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the Metrics plugin is given, as the Prometheus plugin shows it: by the same library. */
class PluginMetricsTest {
    private static final Pattern TYPE = Pattern.compile("^# TYPE (\\S+) (\\w+)$", Pattern.MULTILINE);
    private static final Pattern SAMPLE = Pattern.compile("^([a-zA-Z_]\\w*)(?:\\{quantile=\"[\\d.]+\",?})? (\\S+)$", Pattern.MULTILINE);

    private final MetricRegistry registry = new MetricRegistry();
    private List<String> ids = List.of("api", "team-a", "team_a");
    private final PluginMetrics metrics = new PluginMetrics(() -> registry, () -> ids);
    private final Counting.OfLeases leases = new Counting.OfLeases();

    @BeforeEach
    void register() {
        registry.registerAll(metrics.getMetricSet());
        metrics.follow();
    }

    @AfterEach
    void forget() {
        Counting.into(null);
    }

    private String text() {
        CollectorRegistry collectors = new CollectorRegistry();
        collectors.register(new DropwizardExports(registry));
        try (StringWriter text = new StringWriter()) {
            TextFormat.write004(text, collectors.metricFamilySamples());
            return text.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Map<String, Double> samples() {
        Map<String, Double> samples = new TreeMap<>();
        for (Matcher each = SAMPLE.matcher(text()); each.find(); ) {
            samples.putIfAbsent(each.group(1), Double.valueOf(each.group(2)));
        }
        return samples;
    }

    private Map<String, String> types() {
        Map<String, String> types = new TreeMap<>();
        for (Matcher each = TYPE.matcher(text()); each.find(); ) {
            assertEquals(null, types.put(each.group(1), each.group(2)), each.group());
        }
        return types;
    }

    @Test
    void each_metric_has_the_name_and_the_type_of_the_list() {
        leases.done(LeaseObserver.Work.ACQUIRE, Duration.ofMillis(1), "cluster_unreachable");
        Counting.into(metrics);
        metrics.count(Metric.REFUSALS_BY_RULE, Refusal.Rule.JOB_NOT_ALLOWED.code(), 1);
        Map<String, String> expected = new TreeMap<>();
        for (Metric metric : Metric.values()) {
            List<String> words = metric.words() == null ? List.of("api", "team_a", "team_a_2") : metric.words();
            for (String word : words) {
                boolean there = switch (metric) {
                    case FAILURES -> word.equals("cluster_unreachable");
                    case AGENT_FAILURES -> false;
                    case REFUSALS_BY_RULE -> word.equals("policy_job");
                    // On no agent: nothing is known.
                    case IDENTITY_REMAINING_SECONDS -> false;
                    default -> true;
                };
                if (there) {
                    expected.put(metric.shown(word), metric.kind().word());
                }
            }
        }
        assertEquals(expected, types());
    }

    /** Prometheus' rules: a prefix, base units, {@code _total} for what is counted and for nothing else. */
    @Test
    void names_follow_the_rules() {
        for (Metric metric : Metric.values()) {
            String name = metric.shown();
            assertTrue(name.matches("jenkins_machine_id_[a-zA-Z_]+"), name);
            assertEquals(metric.kind() == Metric.Kind.COUNTER, name.endsWith("_total"), name);
            assertEquals(metric.kind() == Metric.Kind.SUMMARY, name.endsWith("_duration_seconds"), name);
            assertFalse(name.matches(".*_(count|sum|bucket|info|milliseconds|minutes)(_total)?"), name);
            assertFalse(metric.meaning().endsWith("."), name);
        }
    }

    @Test
    void prometheus_own_tool_finds_nothing() throws IOException, InterruptedException {
        Path output = Files.createTempFile("promtool", ".txt");
        Process tool;
        try {
            tool = new ProcessBuilder("promtool", "check", "metrics")
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
        } catch (IOException e) {
            assumeTrue(false, "SKIPPED: promtool isn't installed (Debian's package prometheus)");
            return;
        }
        leases.done(LeaseObserver.Work.ACQUIRE, Duration.ofMillis(1500), "cluster_unreachable");
        String text = text();
        try (OutputStream input = tool.getOutputStream()) {
            input.write(text.getBytes(StandardCharsets.UTF_8));
        }
        assertTrue(tool.waitFor(60, TimeUnit.SECONDS));
        assertEquals("", Files.readString(output), text);
        assertEquals(0, tool.exitValue());
        Files.delete(output);
    }

    @Test
    void what_happens_is_counted_where_it_belongs() {
        leases.done(LeaseObserver.Work.ACQUIRE, Duration.ofMillis(1500), LeaseObserver.OK);
        leases.done(LeaseObserver.Work.ACQUIRE, Duration.ofMillis(1), "cluster_unreachable");
        leases.done(LeaseObserver.Work.AGAIN, Duration.ofMillis(1), "cluster_unreachable");
        leases.done(LeaseObserver.Work.RENEW, Duration.ofMillis(1), LeaseObserver.OK);
        leases.done(LeaseObserver.Work.RENEW, Duration.ofMillis(1), "<script>");
        leases.done(LeaseObserver.Work.STANDING, Duration.ofMillis(1), "");
        Map<String, Double> samples = samples();
        assertEquals(1, samples.get("jenkins_machine_id_acquire_duration_seconds_count"));
        assertEquals(1.5, samples.get("jenkins_machine_id_acquire_duration_seconds"), 0.01);
        assertEquals(1, samples.get("jenkins_machine_id_acquires_failed_total"));
        assertEquals(1, samples.get("jenkins_machine_id_renewals_total"));
        assertEquals(1, samples.get("jenkins_machine_id_renewals_failed_total"));
        assertEquals(1, samples.get("jenkins_machine_id_standing_failed_total"));
        assertEquals(1, samples.get("jenkins_machine_id_failures_cluster_unreachable_total"));
        assertEquals(2, samples.get("jenkins_machine_id_failures_other_total"));
    }

    /** Added up over agents: by identity, and by code. */
    @Test
    void what_agents_have_tried_is_counted_by_identity_and_by_code() {
        AgentCountObserver agents = new Counting.OfAgents();
        agents.counted("api", AgentCountObserver.Tried.JOIN, AgentCountObserver.OK, 3);
        agents.counted("api", AgentCountObserver.Tried.JOIN, "join_rejected", 2);
        agents.counted("api", AgentCountObserver.Tried.ISSUANCE, "join_rejected", 1);
        agents.counted("not configured", AgentCountObserver.Tried.RENEWAL, AgentCountObserver.OK, 7);
        Map<String, Double> samples = samples();
        assertEquals(3, samples.get("jenkins_machine_id_identity_api_joins_total"));
        assertEquals(2, samples.get("jenkins_machine_id_identity_api_joins_failed_total"));
        assertEquals(1, samples.get("jenkins_machine_id_identity_api_issuances_failed_total"));
        assertEquals(3, samples.get("jenkins_machine_id_agent_failures_join_rejected_total"));
        assertTrue(samples.keySet().stream().noneMatch(name -> name.contains("not_configured")));
        // A change of the configuration loses nothing of what was counted.
        ids = List.of("web", "api");
        metrics.follow();
        agents.counted("api", AgentCountObserver.Tried.JOIN, AgentCountObserver.OK, 1);
        assertEquals(4, samples().get("jenkins_machine_id_identity_api_joins_total"));
    }

    /** The extensions are there without the Metrics plugin, too. */
    @Test
    void without_the_plugin_nothing_is_counted_and_nothing_fails() {
        Counting.into(null);
        for (LeaseObserver.Work work : LeaseObserver.Work.values()) {
            leases.done(work, Duration.ZERO, LeaseObserver.OK);
            leases.done(work, Duration.ZERO, "x");
        }
        new Counting.OfEvents().onLost(3);
        assertEquals(0, samples().get("jenkins_machine_id_events_missed_total"));
    }

    @Test
    void identities_that_are_configured_have_gauges_and_no_others() {
        assertTrue(samples().containsKey("jenkins_machine_id_identity_team_a_2_failing"));
        ids = List.of("api");
        metrics.follow();
        assertFalse(samples().containsKey("jenkins_machine_id_identity_team_a_failing"));
        assertTrue(samples().containsKey("jenkins_machine_id_identity_api_failing"));
        List<String> many = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            many.add("identity-" + i);
        }
        ids = many;
        metrics.follow();
        long gauges = samples().keySet().stream().filter(name -> name.matches(".*_identity_.*_failing")).count();
        assertEquals(Gauges.MOST_IDENTITIES, gauges);
    }

    @Test
    void levels_are_of_all_agents() {
        Facts facts = Known.members(
                Known.well("a1"),
                Known.failing("a2", Condition.LOCKED, "bot_locked", "x", Duration.ofMinutes(5)),
                Known.failing("a3", Condition.FAILING, "rate_limited", "x", Duration.ZERO));
        Levels levels = Levels.of(new LeaseLoad(1, 2, 3, 4), Map.of(Cause.LOCKED, 1), facts);
        assertEquals(Map.of(Condition.READY, 1, Condition.LOCKED, 1, Condition.FAILING, 1), levels.conditions());
        assertEquals(Map.of("api", 2), levels.failing());
        assertEquals(Known.NOW.plus(Duration.ofMinutes(50)), levels.first().get("api"));
    }

    /** A code that no list has isn't a name: an agent could make as many series as it likes. */
    @Test
    void the_lists_are_closed() {
        for (int i = 0; i < 1000; i++) {
            leases.done(LeaseObserver.Work.RENEW, Duration.ZERO, "code_" + i);
        }
        long failures = samples().keySet().stream().filter(name -> name.contains("_failures_")).count();
        assertEquals(1, failures);
        assertTrue(Arrays.stream(Metric.values())
                .filter(metric -> metric.words() != null)
                .allMatch(metric -> metric.words().size() < 100));
    }
}

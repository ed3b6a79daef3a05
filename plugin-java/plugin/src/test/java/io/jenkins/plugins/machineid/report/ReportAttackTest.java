// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

class ReportAttackTest {
    /** An agent that answers as it likes. */
    @Test
    void a15AnAgentsReportIsBoundedAndItsOwn() throws Exception {
        JSONArray identities = new JSONArray();
        JSONArray leases = new JSONArray();
        JSONArray pins = new JSONArray();
        for (int i = 0; i < 900; i++) {
            pins.put("p".repeat(3000));
        }
        for (int i = 0; i < 999; i++) {
            JSONObject identity = new JSONObject()
                    .put("id", "i" + i)
                    .put("state", "marvellous")
                    .put("origin", "stolen\u001b[31m")
                    .put("expires_at", "never")
                    .put("generation", "x");
            if (i == 0) {
                identity.put("reason", "r".repeat(100_000) + "\u001b[31m\n")
                        .put("failure", new JSONObject().put("message", "m".repeat(50_000)).put("since", "+999999999-01-01T00:00:00Z"))
                        .put("server", new JSONObject()
                                .put("ca_pins", pins)
                                .put("clock_difference_seconds", "1e999")
                                .put("version", "<img src=x>".repeat(1000)));
            }
            identities.put(identity);
            leases.put(new JSONObject().put("lease", "l" + i).put("identity", "i0"));
        }
        JSONObject status = new JSONObject().put("identities", identities).put("leases", leases).put("version", new JSONArray());
        AgentReport report = AgentReportsTest.report("a", AgentReportsTest.ok(status), Instant.parse("2026-11-21T12:00:00Z"));
        assertEquals(AgentReport.MOST_IDENTITIES, report.identities().size());
        assertTrue(report.leases().size() <= AgentReport.MOST_LEASES);
        assertEquals("", report.version());
        IdentityReport first = report.identities().get(0);
        assertEquals("", first.state());
        assertEquals("", first.origin());
        assertNull(first.expiresAt());
        assertNull(first.failing().since());
        assertTrue(first.failing().message().length() <= Heard.LONGEST + 1);
        assertTrue(first.reason().length() <= Heard.LONGEST + 1);
        assertTrue(first.server().version().length() <= Heard.LONGEST + 1);
        assertEquals(8, first.server().pins().size());
        assertNull(first.server().clockDifference());
    }

    private static AgentReport hostile(int round) throws Exception {
        String long_ = "\u4e2d".repeat(Heard.LONGEST - 12);
        JSONArray identities = new JSONArray();
        JSONArray leases = new JSONArray();
        for (int i = 0; i < 150; i++) {
            String own = long_ + round + "." + i + ".";
            JSONObject failure = new JSONObject().put("code", own + 1).put("message", own + 2).put("hint", own + 3);
            JSONArray pins = new JSONArray();
            for (int pin = 0; pin < 8; pin++) {
                pins.put(own + "p" + pin);
            }
            JSONObject server = new JSONObject().put("cluster", own + 4).put("version", own + 5).put("address", own + 6).put("ca_pins", pins);
            identities.put(new JSONObject()
                    .put("id", own + 7)
                    .put("cluster", own + 8)
                    .put("bot", own + 9)
                    .put("reason", own + "a")
                    .put("method", own + "b")
                    .put("failure", failure)
                    .put("server", server));
        }
        for (int i = 0; i < 700; i++) {
            leases.put(new JSONObject().put("lease", long_ + i).put("identity", long_ + "i" + i).put("problem", long_ + "p" + i));
        }
        JSONObject status = new JSONObject().put("identities", identities).put("leases", leases).put("version", long_ + "v" + round);
        return AgentReportsTest.report("a", AgentReportsTest.ok(status), Instant.parse("2026-11-21T12:00:00Z"));
    }

    private static long used() {
        System.gc();
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    /** Whatever it says, and however often it says something else. */
    @Test
    void a15AHostileAgentTakesAQuarterOfAMegabyteAndLeavesNothingBehind() throws Exception {
        List<AgentReport> kept = new ArrayList<>();
        hostile(0);
        long before = used();
        for (int agent = 1; agent <= 40; agent++) {
            kept.add(hostile(agent));
        }
        long each = (used() - before) / kept.size();
        assertTrue(each <= 256 * 1024, each + " bytes for each agent");
        assertTrue(kept.stream().allMatch(report -> !report.identities().isEmpty() && !report.leases().isEmpty()));
        int shared = Heard.shared();
        assertTrue(shared > 100, shared + " texts");
        kept.clear();
        // They go with the agents.
        long end = System.nanoTime() + java.util.concurrent.TimeUnit.SECONDS.toNanos(60);
        while (Heard.shared() > shared / 2 && System.nanoTime() < end) {
            System.gc();
        }
        assertTrue(Heard.shared() <= shared / 2, Heard.shared() + " of " + shared + " texts are left");
    }

    /** What is well-behaved, and much, is kept as a whole. */
    @Test
    void a15AnHonestAgentOfAnySizeIsKept() throws Exception {
        JSONArray identities = new JSONArray();
        JSONArray leases = new JSONArray();
        JSONObject server = new JSONObject().put("cluster", "example.com").put("version", "18.9.1").put("address", "proxy.example.com:443")
                .put("ca_pins", new JSONArray().put("sha256:" + "a".repeat(64)));
        for (int i = 0; i < AgentReport.MOST_IDENTITIES; i++) {
            identities.put(new JSONObject().put("id", "identity-" + i).put("cluster", "example.com").put("bot", "bot-identity-" + i)
                    .put("method", "token").put("server", server));
        }
        for (int i = 0; i < 999; i++) {
            leases.put(new JSONObject().put("lease", String.format("%032x", i)).put("identity", "identity-" + i % 100)
                    .put("expires_at", "2026-11-21T12:40:00Z"));
        }
        JSONObject status = new JSONObject().put("identities", identities).put("leases", leases);
        AgentReport report = AgentReportsTest.report("a", AgentReportsTest.ok(status), Instant.parse("2026-11-21T12:00:00Z"));
        assertEquals(AgentReport.MOST_IDENTITIES, report.identities().size());
        assertEquals(999, report.leases().size());
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
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
}

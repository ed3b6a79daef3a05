// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeRun;
import hudson.model.Item;
import io.jenkins.plugins.machineid.Answered;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kohsuke.stapler.HttpResponse;

class DownloadTest {
    private final Answered answered = new Answered();

    @AfterEach
    void everybody() {
        Jenkins.get().granted = null;
    }

    private String sent(HttpResponse response) throws Exception {
        response.generateResponse(null, answered.response(), null);
        return answered.body();
    }

    @Test
    void the_csv_file_has_a_line_for_each_record() throws Exception {
        String text = sent(MachineIdAction.of(Records.build()).doCsv());
        List<String> lines = text.lines().toList();
        assertEquals(1 + 1 + 2 + 1, lines.size(), text);
        assertTrue(lines.get(0).startsWith("record,job,build,identity,agent,lease,roles,"), lines.get(0));
        assertTrue(lines.get(1).startsWith("\"lease\",\"team-a/app\",\"42\",\"api\",\"worker-1\",\"l1\",\"api-workers\",\"30m\","), lines.get(1));
        assertTrue(lines.get(2).startsWith("\"certificate\"") && lines.get(2).contains("\"false\""), lines.get(2));
        assertTrue(lines.get(3).contains("\"true\"") && lines.get(3).contains("'admin'"), lines.get(3));
        assertTrue(lines.get(4).startsWith("\"refusal\"") && lines.get(4).contains("\"policy_job\""), lines.get(4));
        assertTrue(text.endsWith("\r\n"));
        assertEquals("text/csv; charset=utf-8", answered.sent.get("Content-Type"));
        assertEquals("attachment; filename=\"machine-id-team-a-app-42.csv\"", answered.sent.get("Content-Disposition"));
        assertEquals("nosniff", answered.sent.get("X-Content-Type-Options"));
    }

    @Test
    void the_json_file_has_the_same_records() throws Exception {
        JSONArray records = new JSONArray(sent(MachineIdAction.of(Records.build()).doJson()));
        assertEquals(4, records.length());
        assertEquals(Records.STATEMENT, records.getJSONObject(0).getString("statement"));
        JSONObject renewed = records.getJSONObject(2);
        assertTrue(renewed.getBoolean("renewed") && renewed.getString("violation").contains("'admin'"));
        assertEquals("admin", renewed.getJSONArray("roles").getString(0));
        assertEquals("application/json; charset=utf-8", answered.sent.get("Content-Type"));
        assertEquals("attachment; filename=\"machine-id-team-a-app-42.json\"", answered.sent.get("Content-Disposition"));
    }

    /** A job, an agent and a target are named by somebody, and a person opens the file in a spreadsheet. */
    @Test
    void nothing_begins_a_formula() {
        for (String begin : List.of("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")) {
            assertEquals("\"'" + begin + "1+1\"", Download.cell(begin + "1+1"));
        }
        assertEquals("\"'=HYPERLINK(\"\"https://x\"\")\"", Download.cell("=HYPERLINK(\"https://x\")"));
        assertEquals("\"' =1+1\"", Download.cell("\t=1+1"));
        assertEquals("\"'  =1+1\"", Download.cell("\r\n=1+1"));
        // Where a semicolon is the separator, one begins a cell, also before quotes.
        for (String end : List.of(";", "\t", "\n", "; ", ";\"")) {
            String cell = Download.cell("a" + end + "=1+1");
            assertFalse(cell.matches("(?s).*[;\t\r\n].*"), cell);
        }
        assertEquals("\"a,=1+1\"", Download.cell("a;=1+1"));
        assertEquals("\"'=a b\"", Download.cell(List.of("=a", "b")));
        assertEquals("\"a,b\"\"c\"", Download.cell("a,b\"c"));
        assertEquals("\"\"", Download.cell(null));
    }

    @Test
    void what_was_left_out_is_in_the_file() throws Exception {
        FakeRun run = new FakeRun("team-a/app", "team-a/app#1");
        MachineIdAction record = MachineIdAction.of(run);
        for (int i = 0; i < RecordLimits.RECORDS + 3; i++) {
            record.grant(Records.allowance("l" + i), "team-a/app");
            record.refuse(Records.refusal(), "worker-1", null);
        }
        record.record(Records.allowance("l0"), Records.reported(Records.certificate("1")), 9);
        String text = sent(record.doCsv());
        for (String line : List.of("\"leases_left_out\"", "\"certificates_left_out\"", "\"refusals_left_out\"")) {
            assertTrue(text.lines().anyMatch(each -> each.startsWith(line)), line);
        }
        assertTrue(text.endsWith(",\"3\"\r\n"), text.substring(text.length() - 40));
        assertEquals(3, record.getPage().getLeftOut().size());
        assertTrue(record.getPage().getLeftOut().get(1).startsWith("9 more certificates"), record.getPage().getLeftOut().get(1));
    }

    @Test
    void whoever_may_not_read_the_job_gets_nothing() throws Exception {
        MachineIdAction record = MachineIdAction.of(Records.build());
        Jenkins.get().granted = Set.of();
        assertThrows(SecurityException.class, record::getTarget);
        Jenkins.get().granted = Set.of(Item.READ);
        assertEquals(record, record.getTarget());
    }

    @Test
    void without_a_record_there_is_no_link() throws Exception {
        MachineIdAction record = MachineIdAction.of(new FakeRun("team-a/app", "team-a/app#1"));
        assertEquals(null, record.getIconFileName());
        assertFalse(MachineIdAction.of(Records.build()).getIconFileName().isEmpty());
    }
}

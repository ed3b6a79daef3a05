// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeRun;
import java.time.Instant;
import java.util.List;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

class RecordPageTest {
    @Test
    void one_line_for_each_identity_on_an_agent() throws Exception {
        MachineIdAction record = MachineIdAction.of(new FakeRun("team-a/app", "team-a/app#1"));
        for (int i = 0; i < 3; i++) {
            Allowance allowed = Records.allowance("l" + i);
            record.grant(allowed, "team-a/app");
            record.record(allowed, Records.reported(Records.certificate("1"), Records.certificate("2")), 0);
            record.released(allowed, "removed");
        }
        record.grant(Records.allowance("l9", "api", "worker-2"), "team-a/app");
        record.grant(new Allowance("l8", "each", "worker-1", List.of(), 60, java.util.Set.of()), "team-a/app");
        List<IdentityUse> uses = record.getPage().getUses();
        assertEquals(
                List.of(
                        "api as bot-api on worker-1: roles api-workers, 6 certificates (3 renewed)",
                        "api as no bot yet on worker-2: roles api-workers, no certificate",
                        "each as no bot yet on worker-1: roles all of the bot, no certificate"),
                uses.stream().map(IdentityUse::getLine).toList());
        assertNotNull(uses.get(0).getUntil());
        assertNull(uses.get(1).getUntil());
        assertFalse(record.getPage().isMore());
        assertEquals(List.of(), record.getPage().getLeftOut());
    }

    /** Many blocks with one identity don't hide that another was used. */
    @Test
    void an_identity_finds_room_in_a_full_record() throws Exception {
        MachineIdAction record = MachineIdAction.of(new FakeRun("team-a/app", "team-a/app#1"));
        for (int i = 0; i < RecordLimits.RECORDS + 10; i++) {
            record.grant(Records.allowance("l" + i), "team-a/app");
        }
        record.grant(Records.allowance("last", "root", "worker-1"), "team-a/app");
        assertEquals(2, record.getPage().getUses().size());
        assertEquals(10, record.getLeasesDropped());
        // Nor does that grow without end.
        for (int i = 0; i < 2 * RecordLimits.RESERVED; i++) {
            record.grant(Records.allowance("x" + i, "id-" + i, "worker-1"), "team-a/app");
        }
        assertEquals(RecordLimits.RECORDS + RecordLimits.RESERVED, record.getLeases().size());
        assertEquals(RecordLimits.LINES, record.getPage().getFirstUses().size());
        assertTrue(record.getPage().isMore());
    }

    @Test
    void a_stated_build_is_searched_by_its_address_and_by_its_bot() throws Exception {
        List<AuditSearch> searches = MachineIdAction.of(Records.build()).getPage().getSearches();
        assertEquals(2, searches.size());
        assertEquals(
                "jq -cs '[.[] | select(.event == \"bot.join\" and any(.. | strings; . == \"https://ci.example.com/job/team-a/job/app/42/\"))]"
                        + " as $joins | [$joins[].bot_instance_id | values] as $bots | .[] | select(.uid as $id | any($joins[]; .uid == $id)"
                        + " or ((.bot_instance_id // .identity.bot_instance_id) as $bot | any($bots[]; . == $bot)))'",
                searches.get(0).command());
        // Teleport 15's bot.join has the bot's name, and no user.
        assertTrue(searches.get(1)
                .command()
                .startsWith("jq -c 'select(any(.user, .user_name, .identity.user, (.bot_name | values | \"bot-\" + .);"
                        + " . == \"bot-api\")"));
    }

    /** The bot's name is an agent's word, and an administrator pastes the command. */
    @Test
    void a_command_is_one_command_whatever_an_agent_says() {
        String command = AuditSearch.ofBot("bot-$(id)'; id; '\"\\", Instant.EPOCH.plusSeconds(1000), null).command();
        assertEquals(
                "jq -c 'select(any(.user, .user_name, .identity.user, (.bot_name | values | \"bot-\" + .); . == \"bot-$(id)'\\''; id; '\\''\\\"\\\\\")"
                        + " and .time >= \"1970-01-01T00:14:40Z\")'",
                command);
    }

    @Test
    void violations_and_refusals_are_on_the_builds_own_page() throws Exception {
        MachineIdAction record = MachineIdAction.of(Records.build());
        assertEquals(1, record.getPage().getFirstViolations().size());
        assertEquals(1, record.getPage().getFirstRefusals().size());
    }

    /** A record goes with its build through a restart, and is told no second time. */
    @Test
    void what_is_known_is_not_renewed_by_itself() throws Exception {
        MachineIdAction record = MachineIdAction.of(new FakeRun("team-a/app", "team-a/app#1"));
        JSONObject ssh = Records.certificate("1");
        JSONObject x509 = Records.certificate("1").put("kind", "x509");
        for (int i = 0; i < 3; i++) {
            record.record(Records.allowance("l"), Records.reported(ssh, x509), 0);
        }
        assertEquals(2, record.getCertificates().size());
        assertTrue(record.getCertificates().stream().noneMatch(CertificateRecord::isRenewed));
    }
}

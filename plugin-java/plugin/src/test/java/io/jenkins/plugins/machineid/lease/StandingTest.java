// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Against an agent that takes no id twice, as the library does. */
class StandingTest {
    private static final String NODE = "StandingTest";

    private final List<String> calls = new ArrayList<>();
    private final Set<String> live = new HashSet<>();
    private boolean away;

    private void release(String lease) throws IOException {
        calls.add("release " + lease);
        if (away) {
            throw new IOException("away");
        }
        live.remove(lease);
    }

    private Reply settle(String lease, String state) throws IOException, InterruptedException {
        return Standing.settle(NODE, new Standing.Held(lease, state), this::release, () -> {
            calls.add("acquire " + lease);
            String reply = live.add(lease) ? "{\"ok\":{}}" : "{\"error\":{\"code\":\"lease_conflict\"}}";
            return Reply.read(reply.getBytes(StandardCharsets.UTF_8));
        });
    }

    @AfterEach
    void forget() {
        Standing.agentLost(NODE);
    }

    @Test
    void a_round_without_a_change_asks_the_agent_for_nothing() throws Exception {
        assertNotNull(settle("s", "key+roles"));
        calls.clear();
        assertNull(settle("s", "key+roles"));
        assertEquals(List.of(), calls);
    }

    @Test
    void a_change_releases_what_is_held_before_it_is_taken_anew() throws Exception {
        settle("s", "key+roles");
        assertNotNull(settle("s", "key+fewer roles"));
        assertEquals("acquire s", calls.get(calls.size() - 1));
        assertNull(settle("s", "key+fewer roles"));
    }

    @Test
    void another_path_leaves_nothing_of_the_old_one() throws Exception {
        settle("s", "key+roles");
        settle("t", "key+roles");
        assertEquals(Set.of("t"), live);
        assertFalse(Standing.holds(NODE, "s"));
        assertTrue(Standing.holds(NODE, "t"));
    }

    @Test
    void what_an_earlier_controller_left_is_released_first() throws Exception {
        live.add("s");
        assertNotNull(settle("s", "key+roles"));
        assertEquals(List.of("release s", "acquire s"), calls);
    }

    @Test
    void a_destination_that_is_configured_no_more_is_released_once() throws Exception {
        settle("s", "key+roles");
        Standing.letGo(NODE, this::release);
        assertEquals(Set.of(), live);
        assertFalse(Standing.holds(NODE, "s"));
        calls.clear();
        Standing.letGo(NODE, this::release);
        assertEquals(List.of(), calls);
    }

    @Test
    void a_release_that_fails_is_tried_again() throws Exception {
        settle("s", "key+roles");
        away = true;
        assertThrows(IOException.class, () -> settle("s", "key+fewer roles"));
        assertTrue(Standing.holds(NODE, "s"));
        away = false;
        assertNotNull(settle("s", "key+fewer roles"));
    }

    @Test
    void the_sweep_runs_also_when_the_destination_can_not_be_kept() {
        Maintenance.Step keep = () -> {
            throw new IOException("destination_unsafe");
        };
        IOException told = assertThrows(IOException.class, () -> Maintenance.inTurn(keep, () -> calls.add("sweep")));
        assertEquals("destination_unsafe", told.getMessage());
        assertEquals(List.of("sweep"), calls);
    }
}

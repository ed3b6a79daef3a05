// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/** However many agents come at a time. */
class VisitsTest {
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final List<String> done = new ArrayList<>();
    private final Visits visits = new Visits(tasks::add, done::add);

    @Test
    void ten_thousand_agents_are_a_few_tasks_and_each_is_visited() {
        List<String> visited = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 10_000; i++) {
                String node = "a" + i;
                assertEquals(round == 0, visits.add(node, () -> visited.add(node)));
            }
        }
        assertEquals(Visits.MOST, tasks.size());
        assertEquals(10_000 - Visits.MOST, visits.waiting());
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
        assertEquals(10_000, visited.size());
        assertEquals(10_000, new HashSet<>(visited).size());
        assertEquals(visited, done);
        assertEquals(0, visits.waiting());
        assertTrue(visits.add("a1", () -> {}), "it can be visited again");
    }

    @Test
    void what_one_visit_throws_is_nobody_elses_trouble() {
        assertTrue(visits.add("bad", () -> {
            throw new IllegalStateException("x");
        }));
        tasks.remove().run();
        assertEquals(List.of("bad"), done);
        assertTrue(visits.add("bad", () -> {}));
    }

    @Test
    void where_no_thread_can_be_made_the_next_round_tries_again() {
        Visits none = new Visits(
                task -> {
                    throw new RejectedExecutionException();
                },
                done::add);
        for (int i = 0; i < 2 * Visits.MOST; i++) {
            assertFalse(none.add("a", () -> {}));
        }
        assertEquals(0, none.waiting());
    }
}

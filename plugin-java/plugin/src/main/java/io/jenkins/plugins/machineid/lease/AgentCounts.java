// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.ExtensionList;
import io.jenkins.plugins.machineid.reply.Reply;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Adds up what agents' libraries have counted. A library counts from the opening of its engine on; of what it tells, that is
 * new which is more than the last time. It is an agent's word: only of identities that it may use, and within limits.
 */
final class AgentCounts {
    /** Numbers of an agent that are remembered; of more nothing is counted. Of as many identities as a report has: three each, and some failures. */
    static final int MOST = 5 * AgentReport.MOST_IDENTITIES;
    /** Of one number in one answer. */
    static final long MOST_AT_ONCE = 10_000;

    private static final Logger LOGGER = Logger.getLogger(AgentCounts.class.getName());
    private static final List<String> CODES = codes();
    private static final AgentCounts INSTANCE = 
            new AgentCounts(Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime()));

    private record Key(Instant engine, String identity, AgentCountObserver.Tried what, String code) {}

    /** An identity of an engine, which was believed when it was told of. */
    private record Source(Instant engine, String identity) {}

    /** @param engines that have answered, or may still be there */
    private record Known(Set<Instant> engines, Set<Source> sources, Map<Key, Long> numbers) {}

    private final Map<String, Known> byNode = new HashMap<>();
    private final Instant started;

    /** @param started when this controller's process did */
    AgentCounts(Instant started) {
        this.started = started;
    }

    static AgentCounts get() {
        return INSTANCE;
    }

    private static List<String> codes() {
        List<String> codes = new ArrayList<>(Vocabulary.words("error_codes"));
        codes.add(AgentCountObserver.OK);
        return codes;
    }

    /**
     * An agent has answered.
     *
     * @param replies of its engines
     * @param whole whether each engine has answered
     */
    synchronized void heard(String node, List<Reply> replies, boolean whole, Believed believed) {
        Known before = byNode.get(node);
        Set<Instant> engines = new HashSet<>();
        Set<Source> sources = new HashSet<>();
        Map<Key, Long> numbers = new HashMap<>();
        replies.forEach(reply -> read(node, reply, believed, engines, sources, numbers));
        if (before != null) {
            numbers.forEach((key, number) -> tell(key, number - before.numbers.getOrDefault(key, first(before, key, number))));
            // Two answers may come in the other order; an engine that hasn't answered goes on from where it was.
            before.numbers.forEach((key, number) -> {
                if ((engines.contains(key.engine) || !whole) && (numbers.containsKey(key) || numbers.size() < MOST)) {
                    numbers.merge(key, number, Math::max);
                    engines.add(key.engine);
                }
            });
            before.sources.stream().filter(source -> engines.contains(source.engine)).forEach(sources::add);
        } else {
            numbers.forEach((key, number) -> tell(key, key.engine.isBefore(started) ? 0 : number));
        }
        byNode.put(node, new Known(engines, sources, numbers));
    }

    /** What it was before, of one that wasn't told. Of an identity that wasn't believed until now all of it is old. */
    private long first(Known before, Key key, long number) {
        boolean old = before.engines.contains(key.engine)
                ? !before.sources.contains(new Source(key.engine, key.identity))
                : key.engine.isBefore(started);
        return old ? number : 0;
    }

    private static void read(
            String node,
            Reply reply,
            Believed believed,
            Set<Instant> engines,
            Set<Source> sources,
            Map<Key, Long> numbers) {
        Instant engine = reply.time("opened_at");
        if (engine == null) {
            return;
        }
        engines.add(engine);
        for (Reply identity : reply.objects("identities")) {
            Believed.Named named = believed.named(node, identity.text("id"));
            Reply counts = named == null ? null : identity.object("counts");
            if (counts != null) {
                sources.add(new Source(engine, named.name()));
                read(counts.object("joins"), engine, named.name(), AgentCountObserver.Tried.JOIN, numbers);
                read(counts.object("renewals"), engine, named.name(), AgentCountObserver.Tried.RENEWAL, numbers);
                read(counts.object("issuances"), engine, named.name(), AgentCountObserver.Tried.ISSUANCE, numbers);
            }
        }
    }

    private static void read(
            Reply outcomes, Instant engine, String identity, AgentCountObserver.Tried what, Map<Key, Long> numbers) {
        if (outcomes == null) {
            return;
        }
        for (String code : CODES) {
            long number = outcomes.number(code);
            if (number > 0 && numbers.size() < MOST) {
                numbers.put(new Key(engine, identity, what, code), number);
            }
        }
    }

    private static void tell(Key key, long by) {
        if (by <= 0) {
            return;
        }
        try {
            for (AgentCountObserver observer : ExtensionList.lookup(AgentCountObserver.class)) {
                observer.counted(key.identity, key.what, key.code, Math.min(by, MOST_AT_ONCE));
            }
        } catch (RuntimeException e) {
            LOGGER.log(Level.FINE, "an observer of agents failed", e);
        }
    }

    /** Forgets all nodes that aren't there any more, also those whose agent has answered while they were deleted. */
    synchronized void retain(Predicate<String> exists) {
        byNode.keySet().removeIf(exists.negate());
    }

    /** The node is deleted. */
    synchronized void forget(String node) {
        byNode.remove(node);
    }
}

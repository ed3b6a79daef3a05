// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.model.Computer;
import hudson.model.Node;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.config.AgentFacts;
import io.jenkins.plugins.machineid.config.JobGate;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import jenkins.model.Jenkins;

/** From which agent something is tried: one that is connected and may, the built-in node only if nothing else does. */
record TrialAgents(List<Computer> connected) {
    static TrialAgents now() {
        return new TrialAgents(Arrays.stream(Jenkins.get().getComputers())
                .filter(computer -> computer.getNode() != null && computer.isOnline() && computer.getChannel() != null)
                .sorted(Comparator.comparing(computer -> computer.getNode() instanceof Jenkins))
                .toList());
    }

    /** What stands for the built-in node, which has no name. */
    private static final String BUILT_IN = "(built-in)";

    /** The one of that name alone; empty: all. */
    TrialAgents only(String name) {
        return name.isEmpty()
                ? this
                : new TrialAgents(connected.stream().filter(computer -> name(computer).equals(name)).toList());
    }

    /** Those on which a build of the job may run. */
    TrialAgents taking(String job) {
        return new TrialAgents(connected.stream()
                .filter(computer -> computer.getNode() != null && JobGate.takes(computer.getNode(), job))
                .toList());
    }

    List<String> names(Predicate<NodeFacts> may) {
        return which(may).map(TrialAgents::name).toList();
    }

    private static String name(Computer computer) {
        return computer.getName().isEmpty() ? BUILT_IN : computer.getName();
    }

    Optional<Computer> first(Predicate<NodeFacts> may) {
        return which(may).findFirst();
    }

    private Stream<Computer> which(Predicate<NodeFacts> may) {
        return connected.stream().filter(computer -> {
            Node node = computer.getNode();
            return node != null && may.test(AgentFacts.of(node));
        });
    }

    /** Why there is none. */
    Tried none() {
        return Tried.warning(connected.isEmpty() ? Messages.Test_noAgent() : Messages.Test_noneFits());
    }

    /** What went wrong there, on a page of ours, where nobody needs to be told who speaks. */
    static String sentence(Exception failure) {
        String sentence = String.valueOf(failure.getMessage());
        String prefix = Messages.Console_prefix();
        return sentence.startsWith(prefix) ? sentence.substring(prefix.length()) : sentence;
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.Extension;
import hudson.model.Item;
import hudson.model.Node;
import hudson.model.Queue;
import hudson.model.queue.CauseOfBlockage;
import hudson.model.queue.QueueTaskDispatcher;
import hudson.model.queue.Tasks;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.access.Policy;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.List;
import jenkins.model.Jenkins;

/**
 * Keeps jobs off the agents that keep a secret of an identity, unless one of the agent's identities allows the job: a
 * build runs as the agent's own Unix user and can read what lies there.
 *
 * <p>Agents with the plugin's property decide by it; this extension decides for those that only an identity names.
 */
@Extension
public class JobGate extends QueueTaskDispatcher {
    private static final CauseOfBlockage BLOCKED = new Blocked();

    @Override
    public CauseOfBlockage canTake(Node node, Queue.BuildableItem item) {
        if (node instanceof Jenkins
                || node.getNodeProperty(MachineIdNodeProperty.class) != null
                || ContinuedParts.contains(item.task)) {
            return null;
        }
        return unless(takes(node, job(item.task)));
    }

    /** Whether a build of a job may run on an agent, as far as what the agent keeps is concerned. */
    public static boolean takes(Node node, String job) {
        Policy policy = MachineIdConfiguration.get().policy();
        MachineIdNodeProperty property = node.getNodeProperty(MachineIdNodeProperty.class);
        if (property != null) {
            return !property.isOnlyAllowedJobs() || isOpen(policy, property, job);
        }
        if (node instanceof Jenkins || !policy.keepsAny()) {
            return true;
        }
        List<String> kept = policy.keptOn(AgentFacts.of(node));
        return kept.isEmpty() || policy.anyAllows(kept, job);
    }

    private static boolean isOpen(Policy policy, MachineIdNodeProperty property, String job) {
        return !keeps(policy, property) || takes(policy, property, job);
    }

    static CauseOfBlockage ofAgent(MachineIdNodeProperty property, Queue.BuildableItem item) {
        if (ContinuedParts.contains(item.task)) {
            return null;
        }
        // The controller's own node runs what holds builds together, as each pipeline's main program.
        if (item.task instanceof Queue.FlyweightTask
                && Jenkins.get().getNodeProperty(MachineIdNodeProperty.class) == property) {
            return null;
        }
        Policy policy = MachineIdConfiguration.get().policy();
        return unless(isOpen(policy, property, job(item.task)));
    }

    static boolean keeps(Policy policy, MachineIdNodeProperty property) {
        return property.getStanding() != null
                || property.getIdentities().stream().anyMatch(binding -> keeps(policy, binding));
    }

    /** @param job null: a task of which no job is known */
    static boolean takes(Policy policy, MachineIdNodeProperty property, String job) {
        return policy.anyAllows(served(property), job);
    }

    private static boolean keeps(Policy policy, Binding binding) {
        return binding.ownToken() != null
                || binding.getTokenFile() != null
                || policy.keepsState(binding.getIdentity());
    }

    /** A standing destination serves whichever job runs there: then its identity alone says which. */
    private static List<String> served(MachineIdNodeProperty property) {
        StandingDestination standing = property.getStanding();
        String chosen = standing == null
                ? ""
                : NodeFacts.chosen(
                        Texts.orEmpty(standing.getIdentity()),
                        Texts.orEmpty(property.getDefaultIdentity()),
                        property.names());
        return chosen.isEmpty() ? property.names() : List.of(chosen);
    }

    /**
     * Null when no job is known. A part of a pipeline belongs to its job only while that has the name it began with:
     * who renames a job must not get past the gate, so that a task of nobody isn't taken either.
     */
    private static String job(Queue.Task task) {
        Item item = Tasks.getItemOf(task);
        return item == null ? null : item.getFullName();
    }

    private static CauseOfBlockage unless(boolean taken) {
        return taken ? null : BLOCKED;
    }

    /** Names no identity: whoever sees the queue sees it. */
    private static final class Blocked extends CauseOfBlockage {
        @Override
        public String getShortDescription() {
            return Messages.Gate_blocked();
        }
    }
}

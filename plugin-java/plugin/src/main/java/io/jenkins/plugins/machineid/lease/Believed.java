// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.model.Node;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.config.AgentFacts;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.folder.Defined;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.AgentReports;
import io.jenkins.plugins.machineid.report.IdentityReport;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import jenkins.model.Jenkins;

/**
 * What counts of agents' reports: an agent speaks of the identities that the policy lets it use, and of no others. Whatever
 * else it says is left out, counted, and said once in the log ({@link DroppedClaims}). Asks nobody.
 */
public final class Believed {
    /**
     * An identity as it is configured.
     *
     * @param name with its folder, if one defines it
     */
    public record Named(String name, String cluster) {}

    /** What folders defined when it was last looked at: too much to be read for a page. */
    private static volatile List<Defined> ofFolders = List.of();

    /** By what the library knows them by. */
    private final Map<String, Named> identities = new HashMap<>();
    private final Map<String, AgentReport> reports = new HashMap<>();
    private int dropped;

    private Believed(Settings settings, Map<String, AgentReport> said, Function<String, NodeFacts> nodes) {
        for (Identity identity : settings.identities()) {
            identities.put(
                    IdentityName.plain(identity.getId()), new Named(identity.getId(), identity.getCluster()));
        }
        said.forEach((node, report) -> reports.put(node, of(settings, report, nodes.apply(node))));
    }

    /** Looks at what folders define, with the rights of the present user. May take a while. */
    public static void lookAtFolders() {
        ofFolders = FolderIdentities.everywhere(MachineIdConfiguration.get().settings());
    }

    /** Of all agents, as of now. */
    public static Believed now() {
        Map<String, AgentReport> said = AgentReports.get().all();
        Believed all = of(settings(), said, Believed::facts);
        DroppedClaims.get().counted(said, all.reports, all.dropped);
        return all;
    }

    /** Of one agent. */
    public static Believed now(String node) {
        Map<String, AgentReport> said = new HashMap<>();
        AgentReports.get().of(node).ifPresent(report -> said.put(node, report));
        return of(settings(), said, Believed::facts);
    }

    /**
     * Of these.
     *
     * @param said by the names of their nodes
     * @param nodes what the controller knows of each; null: there is no such node any more
     */
    public static Believed of(Settings settings, Map<String, AgentReport> said, Function<String, NodeFacts> nodes) {
        return new Believed(settings, said, nodes);
    }

    private static Settings settings() {
        return FolderIdentities.seen(ofFolders, MachineIdConfiguration.get().settings());
    }

    private static NodeFacts facts(String name) {
        Jenkins jenkins = Jenkins.get();
        Node node = name.isEmpty() ? jenkins : jenkins.getNode(name);
        return node == null ? null : AgentFacts.of(node);
    }

    private AgentReport of(Settings settings, AgentReport report, NodeFacts node) {
        Set<String> allowed = new HashSet<>();
        for (IdentityReport identity : report.identities()) {
            Named named = identities.get(identity.id());
            if (named != null && node != null && settings.policy().mayHave(named.name(), node)) {
                allowed.add(identity.id());
            }
        }
        dropped += report.identities().size() - allowed.size();
        return report.only(allowed);
    }

    /** What is left of the reports, by the names of their nodes. */
    public Map<String, AgentReport> reports() {
        return reports;
    }

    /** The identity of a report that is left. */
    public Named named(IdentityReport identity) {
        return identities.get(identity.id());
    }

    /**
     * As it is configured.
     *
     * @param id what the library knows it by
     * @return null: it isn't left of that agent's report
     */
    Named named(String node, String id) {
        AgentReport report = reports.get(node);
        boolean left = report != null && report.identities().stream().anyMatch(identity -> identity.id().equals(id));
        return left ? identities.get(id) : null;
    }

    /** The names of all identities. */
    public List<String> names() {
        return identities.values().stream().map(Named::name).sorted().toList();
    }

    /** How many identities of agents were left out. */
    public int dropped() {
        return dropped;
    }
}

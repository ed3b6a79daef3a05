// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.model.Label;
import hudson.model.Node;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.List;
import jenkins.model.Jenkins;

/**
 * What the controller itself knows of a node, for a statement about that node alone.
 *
 * @param controller address of this Jenkins, without a slash at its end
 * @param name       the node's own; empty: the built-in one
 * @param labels     as they are configured
 */
public record StatedNode(String controller, String name, List<String> labels) {
    /** In place of a folder or a job: in an escaped name a percent sign is followed by a code, and this is none. */
    private static final String AGENT = "%agent";

    /** As above: no node's name is written so. */
    private static final String BUILT_IN = "%built-in";

    public StatedNode {
        labels = List.copyOf(labels);
    }

    public static StatedNode of(Node node) {
        return new StatedNode(
                IssuerAddress.controller(), node instanceof Jenkins ? "" : node.getNodeName(), labels(node));
    }

    /** As configured: what plugins add can be an agent's own word. */
    static List<String> labels(Node node) {
        return Label.parse(Texts.orEmpty(node.getLabelString())).stream().map(Label::getName).sorted().toList();
    }

    /** The name as subjects carry it: no two nodes have the same there, and no job has it. */
    public String account() {
        return name.isEmpty() ? BUILT_IN : account(name);
    }

    /** As above, of a name or a pattern of names. */
    public static String account(String name) {
        return JobName.escaped(name).replace("/", "%2F");
    }

    /** {@code %agent:NAME@IDENTITY}: a rule's {@code service_account} that holds for this node and identity alone. */
    public String serviceAccount(String identity) {
        return AGENT + ":" + account() + "@" + identity;
    }

    /** What stands in for a Kubernetes namespace. */
    static String namespace() {
        return AGENT;
    }

    /** {@code %agent/NAME}; what stands in for a job's path. */
    public static String path(String account) {
        return AGENT + "/" + account;
    }

    /** What stands in for the identity where a rule for builds names it: a statement of one kind is none of the other. */
    public static String environment(String identity) {
        return "agent:" + identity;
    }

    /** All labels as one text, each between plus signs. */
    public String labelText() {
        StringBuilder all = new StringBuilder("+");
        labels.forEach(each -> all.append(label(each)).append('+'));
        return all.toString();
    }

    /** A label as it stands between the plus signs. */
    public static String label(String label) {
        return JobName.escaped(label).replace("+", "%2B");
    }

    String url() {
        return controller.isEmpty() ? "" : controller + "/computer/" + (name.isEmpty() ? "(built-in)" : account()) + "/";
    }
}

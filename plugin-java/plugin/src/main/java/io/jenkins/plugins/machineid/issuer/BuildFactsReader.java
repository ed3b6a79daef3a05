// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.model.Node;
import hudson.model.Run;
import jenkins.model.Jenkins;

/**
 * Reads the facts from the build and its node alone: never from variables, parameters or the pipeline, which whoever
 * writes the job decides.
 */
public final class BuildFactsReader {
    private BuildFactsReader() {}

    public static BuildFacts of(Run<?, ?> run, Node node) {
        String controller = IssuerAddress.controller();
        SourceFacts source = SourceFacts.of(run.getParent());
        StartFacts start = StartFacts.of(run.getCauses());
        return new BuildFacts(
                controller,
                run.getParent().getFullName(),
                run.getNumber(),
                controller.isEmpty() ? "" : controller + "/" + run.getUrl(),
                source.branch(),
                source.changeRequest(),
                source.fork(),
                start.user(),
                start.cause(),
                node instanceof Jenkins ? "built-in" : node.getNodeName(),
                StatedNode.labels(node));
    }
}

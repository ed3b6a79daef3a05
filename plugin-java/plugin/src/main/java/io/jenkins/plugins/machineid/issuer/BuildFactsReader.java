// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.model.Item;
import hudson.model.Job;
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
        String job = run.getParent().getFullName();
        StartFacts start = StartFacts.of(run.getCauses());
        return facts(job, run.getNumber(), run.getUrl(), SourceFacts.of(run.getParent()), start, node);
    }

    /**
     * Of no build, to try whether a cluster takes a job's builds. As one of them, but for the cause, the address, and a
     * number that no build has.
     *
     * @param job full name of a job, which need not be there yet
     * @param page where it was asked for, below Jenkins' own address
     */
    public static BuildFacts trial(String job, String page, Node node) {
        Job<?, ?> known = Jenkins.get().getItemByFullName(job, Job.class);
        SourceFacts source = known == null ? SourceFacts.NONE : SourceFacts.of(known);
        return facts(job, 0, page, source, StartFacts.TRIAL, node);
    }

    /** Whether builds of a job take their pipeline from a change request or a fork, or it can't be told that they don't. */
    public static boolean mayBeForeign(Item job) {
        SourceFacts source = SourceFacts.of(job);
        return source.fork() || !source.changeRequest().isEmpty();
    }

    private static BuildFacts facts(
            String job, int number, String url, SourceFacts source, StartFacts start, Node node) {
        String controller = IssuerAddress.controller();
        return new BuildFacts(
                controller,
                job,
                number,
                controller.isEmpty() ? "" : controller + "/" + url,
                source.branch(),
                source.changeRequest(),
                source.fork(),
                start.user(),
                start.cause(),
                node instanceof Jenkins ? "built-in" : node.getNodeName(),
                StatedNode.labels(node));
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.model.Node;
import hudson.model.Run;
import java.util.List;

/** Reads the facts from the build and its node alone: never from variables, parameters or the pipeline. */
public final class BuildFactsReader {
    private BuildFactsReader() {}

    public static BuildFacts of(Run<?, ?> run, Node node) {
        return new BuildFacts("", run.getParent().getFullName(), run.getNumber(), "", "", "", true, "", "", "", List.of());
    }
}

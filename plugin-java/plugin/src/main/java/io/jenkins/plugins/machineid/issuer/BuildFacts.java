// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.util.List;

/**
 * What the controller itself knows of a build. An empty text: not known.
 *
 * @param controller    address of this Jenkins, without a slash at its end
 * @param job           full name, {@code folder/sub/name}
 * @param url           address of the build
 * @param branch        of a multibranch job; with a change request the name that Jenkins gave it; none for a tag
 * @param changeRequest id of a pull or merge request
 * @param fork          whether the sources come from outside of the repository, or that can't be told
 * @param startedBy     id of the one user that started it; none when it was nobody or several
 * @param cause         kinds of all its causes, sorted, joined by a plus sign
 * @param labels        of the node, as it is configured
 */
public record BuildFacts(
        String controller,
        String job,
        int number,
        String url,
        String branch,
        String changeRequest,
        boolean fork,
        String startedBy,
        String cause,
        String node,
        List<String> labels) {
    public BuildFacts {
        labels = List.copyOf(labels);
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An agent doesn't answer the question how it stands, or one of its engines doesn't.
 *
 * @param why as a sentence; may hold an agent's words
 * @param since when it was first so, by this controller's clock
 * @param identities of which nothing new is known since; may be empty
 * @param whole whether nothing at all was answered
 */
public record Silence(String why, Instant since, Set<String> identities, boolean whole) {
    public Silence {
        identities = Set.copyOf(identities);
    }

    Silence only(Set<String> allowed) {
        return new Silence(why, since, identities.stream().filter(allowed::contains).collect(Collectors.toSet()), whole);
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import java.util.List;

/**
 * What the controller knows of the node that asks.
 *
 * @param name as shown to people
 * @param bound the node has the plugin's node property
 * @param identities the identities that the property names
 * @param defaultIdentity the one to take when none is asked for; may be empty
 */
public record NodeFacts(
        String name, boolean builtIn, boolean bound, List<String> identities, String defaultIdentity) {}

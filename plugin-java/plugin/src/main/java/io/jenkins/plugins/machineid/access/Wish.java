// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import java.util.List;

/**
 * What a block asks for.
 *
 * @param job full name of the run's own parent; null: no job, a standing destination
 * @param identity may be empty: the node's default
 * @param roles may be empty: the identity's roles
 * @param ttlSeconds 0: not asked for
 */
public record Wish(String job, String identity, List<String> roles, long ttlSeconds) {}

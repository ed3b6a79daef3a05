// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import java.util.List;

/** What is allowed. Empty roles: whatever the bot may take. */
public record Grant(String identity, List<String> roles, long ttlSeconds) {}

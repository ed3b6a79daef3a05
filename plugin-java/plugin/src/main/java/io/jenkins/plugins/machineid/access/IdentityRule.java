// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import java.util.List;

/**
 * What an administrator, or a folder, allows with one identity.
 *
 * @param id its name, as {@link IdentityName} has it
 * @param roles roles that may be asked for; empty: whatever the bot may take
 * @param maxTtlSeconds longest lifetime of a certificate
 * @param allowedJobs patterns of full job names; empty: no job
 * @param agents which agents may have it
 * @param builtInNodeAllowed also on the controller's own node
 * @param keepsState an agent that has it keeps a secret of it on disk
 * @param agentCredentials patterns of the credentials that an agent may bring as its token; empty: none
 */
public record IdentityRule(
        String id,
        List<String> roles,
        long maxTtlSeconds,
        List<String> allowedJobs,
        AgentRule agents,
        boolean builtInNodeAllowed,
        boolean keepsState,
        List<String> agentCredentials) {}

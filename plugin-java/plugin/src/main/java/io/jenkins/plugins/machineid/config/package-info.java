// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** What an administrator configures: clusters, identities, and what each agent may use. */
package io.jenkins.plugins.machineid.config;

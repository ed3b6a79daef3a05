// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** What a build did with machine identities, kept with the build. Only public facts. */
package io.jenkins.plugins.machineid.audit;

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** What has happened with machine identities, and how things stand, as numbers for the Metrics plugin. */
package io.jenkins.plugins.machineid.metrics;

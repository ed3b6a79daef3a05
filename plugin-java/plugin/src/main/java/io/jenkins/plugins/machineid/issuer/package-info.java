// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** The controller's own keys, and what it signs with them about a build. For the controller; nothing of it runs on agents. */
package io.jenkins.plugins.machineid.issuer;

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** How an agent becomes a member of a cluster: one class for each of Teleport's join methods. */
package io.jenkins.plugins.machineid.join;

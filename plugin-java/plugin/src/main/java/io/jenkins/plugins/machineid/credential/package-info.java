// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** Which credential of Jenkins stands for a secret, and what it holds. */
package io.jenkins.plugins.machineid.credential;

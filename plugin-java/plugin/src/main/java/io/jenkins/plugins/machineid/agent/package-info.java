// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** Runs on the agent. Knows the JDK and the remoting callable, no other Jenkins type; carries bytes and reads none. */
package io.jenkins.plugins.machineid.agent;

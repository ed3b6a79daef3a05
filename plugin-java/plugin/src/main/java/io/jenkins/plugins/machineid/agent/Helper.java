// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

/**
 * The program that leases get a copy of.
 *
 * @param path where it lies on this agent
 * @param sha256 the packaged digest, in hex; the library compares each copy with it
 */
record Helper(String path, String sha256) {}

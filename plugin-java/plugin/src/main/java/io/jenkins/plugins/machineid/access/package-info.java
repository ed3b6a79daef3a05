// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** Which job may use which identity, roles and lifetime; decided on the controller, from plain values. */
package io.jenkins.plugins.machineid.access;

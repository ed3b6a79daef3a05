// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** How agents and their identities stand, for people and their programs. */
package io.jenkins.plugins.machineid.health;

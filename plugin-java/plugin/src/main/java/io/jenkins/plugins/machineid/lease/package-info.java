// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** From a block's wish to a lease on the agent and back: one class for Pipeline and freestyle, and the housekeeping. */
package io.jenkins.plugins.machineid.lease;

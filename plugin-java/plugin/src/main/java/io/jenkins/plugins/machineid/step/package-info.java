// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** The block: a Pipeline step, and the same for freestyle jobs. */
package io.jenkins.plugins.machineid.step;

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** What else than SSH a block can want files for. */
package io.jenkins.plugins.machineid.output;

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** What administrators are told before it hurts. */
package io.jenkins.plugins.machineid.warning;

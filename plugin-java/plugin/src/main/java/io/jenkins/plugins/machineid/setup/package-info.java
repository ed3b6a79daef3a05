// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** What an administrator has to create in a cluster for what is configured here: texts, and where they are shown. */
package io.jenkins.plugins.machineid.setup;

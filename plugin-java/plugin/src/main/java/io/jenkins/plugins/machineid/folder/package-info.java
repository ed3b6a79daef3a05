// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** What folders define for the jobs below them, where an administrator lets them. */
package io.jenkins.plugins.machineid.folder;

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** What each agent last said of itself. */
package io.jenkins.plugins.machineid.report;

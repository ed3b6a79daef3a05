// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** Texts of forms, of Configuration as Code and of Pipeline: how they are read, and what is refused. */
package io.jenkins.plugins.machineid.field;

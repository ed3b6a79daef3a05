// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** What the library takes and says: its closed lists of words and its limits. */
package io.jenkins.plugins.machineid.vocabulary;

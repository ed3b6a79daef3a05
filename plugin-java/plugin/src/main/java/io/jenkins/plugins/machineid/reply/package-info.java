// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
/** What agents answer: bounded, looked over, and read without casts. */
package io.jenkins.plugins.machineid.reply;

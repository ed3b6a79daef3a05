// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package com.cloudbees.plugins.credentials.common;

public interface StandardCredentials extends IdCredentials {}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package com.cloudbees.plugins.credentials;

public interface CredentialsMatcher extends java.io.Serializable {
    boolean matches(Credentials item);
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package com.cloudbees.plugins.credentials;

public interface Credentials
        extends hudson.model.Describable<Credentials>, java.io.Serializable, hudson.ExtensionPoint {
    CredentialsScope getScope();
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package com.cloudbees.plugins.credentials;

public enum CredentialsScope {
    SYSTEM {
        @Override
        public String getDisplayName() {
            return "";
        }
    },
    GLOBAL {
        @Override
        public String getDisplayName() {
            return "";
        }
    },
    USER {
        @Override
        public String getDisplayName() {
            return "";
        }
    };

    public abstract String getDisplayName();
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.ExtensionList;
import hudson.ExtensionPoint;
import hudson.util.FormValidation;

/** What stands behind <em>Test connection</em>: forms know that there is one, not how agents are reached. */
public abstract class ConnectionCheck implements ExtensionPoint {
    static ConnectionCheck get() {
        return ExtensionList.lookupSingleton(ConnectionCheck.class);
    }

    /**
     * Only for administrators: the caller has asked.
     *
     * @param identity null: the cluster alone
     */
    public abstract FormValidation run(Cluster cluster, Identity identity);
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

/** Where something can be done about a cause, as paths below Jenkins' own address. */
final class Places {
    static final String AGENTS = "manage/machine-id-setup/";
    static final String CLUSTERS = "manage/machine-id-setup/";
    static final String KEYS = "manage/machine-id-setup/#keys";

    private Places() {}

    static String identity(String id) {
        return AGENTS;
    }
}

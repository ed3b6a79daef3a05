// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import hudson.ExtensionPoint;
import hudson.model.AbstractDescribableImpl;
import org.json.JSONObject;

/** One more thing than SSH that a block wants files for. */
public abstract class Output extends AbstractDescribableImpl<Output> implements ExtensionPoint {
    /** As the library reads it. */
    public abstract JSONObject toJson();

    public static JSONObject kubernetes(String cluster) {
        return new JSONObject().put("type", "kubernetes").put("kubernetes_cluster", cluster);
    }

    static String required(String value, String field) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(Messages.Output_required(field));
        }
        return value.trim();
    }
}

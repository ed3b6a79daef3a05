// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import com.eclipsesource.json.JsonObject;
import hudson.ExtensionPoint;
import hudson.model.AbstractDescribableImpl;

/** One more thing than SSH that a block wants files for. */
public abstract class Output extends AbstractDescribableImpl<Output> implements ExtensionPoint {
    /** As the library reads it. */
    public abstract JsonObject toJson();

    public static JsonObject kubernetes(String cluster) {
        return new JsonObject().add("type", "kubernetes").add("kubernetes_cluster", cluster);
    }

    static String required(String value, String field) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(Messages.Output_required(field));
        }
        return value.trim();
    }
}

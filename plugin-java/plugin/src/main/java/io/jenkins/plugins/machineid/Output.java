// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import hudson.ExtensionPoint;
import hudson.model.AbstractDescribableImpl;
import java.util.List;
import org.json.JSONObject;

/** One more thing than SSH that a block wants files for. */
public abstract class Output extends AbstractDescribableImpl<Output> implements ExtensionPoint {
    /** As the library reads it. */
    public abstract JSONObject toJson();

    /** One kubeconfig with a context for each cluster, the first one as current context. */
    public static JSONObject kubernetes(List<String> clusters) {
        JSONObject output = new JSONObject().put("type", "kubernetes");
        return clusters.size() == 1
                ? output.put("kubernetes_cluster", clusters.get(0))
                : output.put("kubernetes_clusters", clusters);
    }

    static String required(String value, String field) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(Messages.Output_required(field));
        }
        return value.trim();
    }
}

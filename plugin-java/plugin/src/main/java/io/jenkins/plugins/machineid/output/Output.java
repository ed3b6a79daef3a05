// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.output;

import hudson.ExtensionPoint;
import hudson.model.AbstractDescribableImpl;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.List;
import java.util.Map;

/** One more thing than SSH that a block wants files for. */
public abstract class Output extends AbstractDescribableImpl<Output> implements ExtensionPoint {
    /**
     * What the library is asked for, as the contract names it: {@code type}, and the fields of that type. Values are
     * texts, truth values and lists of texts, so that a build that is resumed still has them.
     */
    public abstract Map<String, Object> request();

    /** One kubeconfig with a context for each cluster, the first one as current context. */
    public static Map<String, Object> kubernetes(List<String> clusters) {
        return clusters.size() == 1
                ? Map.of("type", "kubernetes", "kubernetes_cluster", clusters.get(0))
                : Map.of("type", "kubernetes", "kubernetes_clusters", List.copyOf(clusters));
    }

    /** @param form whose field it is */
    static String required(Class<?> form, String field, String value) {
        String name = Texts.orEmpty(value).trim();
        FormFault.field(form, field, () -> {
            if (name.isEmpty()) {
                throw new IllegalArgumentException(Messages.Output_required(field));
            }
            Checks.resource(name);
        });
        return name;
    }
}

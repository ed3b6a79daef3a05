// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.output;

import io.jenkins.plugins.machineid.field.Texts;
import java.util.ArrayList;
import java.util.List;

/** One Kubernetes cluster is written {@code kubernetesCluster}, several {@code kubernetesClusters}; a form has one field. */
public final class KubernetesClusters {
    private KubernetesClusters() {}

    /** All that are written either way, each once, the current context first. */
    public static List<String> all(String one, List<String> several) {
        List<String> all = new ArrayList<>();
        if (one != null) {
            all.add(one);
        }
        Texts.orEmpty(several).stream().filter(name -> !all.contains(name)).forEach(all::add);
        return all;
    }

    /** The cluster, or null when it isn't one. */
    public static String only(List<String> all) {
        return all.size() == 1 ? all.get(0) : null;
    }

    /** The clusters, or null when they aren't several. */
    public static List<String> several(List<String> all) {
        return all.size() > 1 ? all : null;
    }
}

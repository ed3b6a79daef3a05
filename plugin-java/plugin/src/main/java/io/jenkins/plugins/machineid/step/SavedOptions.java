// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import io.jenkins.plugins.machineid.lease.LeaseOptions;
import io.jenkins.plugins.machineid.output.Output;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A block's arguments in a form that is saved with the build: texts, truth values and lists of texts only. */
final class SavedOptions implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String identity;
    private final ArrayList<String> roles;
    private final String ttl;
    private final ArrayList<String> kubernetesClusters;
    private final ArrayList<TreeMap<String, Object>> outputs;
    /** Null in a build that an older version has saved. */
    private final ArrayList<TreeMap<String, Object>> tunnels;

    private final ArrayList<String> readers;
    private final String leafCluster;

    SavedOptions(LeaseOptions options) {
        this.identity = options.identity();
        this.roles = copy(options.roles());
        this.ttl = options.ttl();
        this.kubernetesClusters = copy(options.kubernetesClusters());
        this.outputs = new ArrayList<>();
        if (options.outputs() != null) {
            options.outputs().forEach(output -> outputs.add(saved(output.request())));
        }
        this.tunnels = new ArrayList<>();
        if (options.tunnels() != null) {
            options.tunnels().forEach(tunnel -> tunnels.add(saved(tunnel)));
        }
        this.readers = copy(options.readers());
        this.leafCluster = options.leafCluster();
    }

    LeaseOptions get() {
        List<Output> restored = new ArrayList<>();
        outputs.forEach(output -> restored.add(new RestoredOutput(output)));
        List<Map<String, Object>> asked = tunnels == null ? List.of() : List.copyOf(tunnels);
        return new LeaseOptions(identity, roles, ttl, kubernetesClusters, restored, asked, readers, leafCluster);
    }

    private static ArrayList<String> copy(List<String> list) {
        return list == null ? null : new ArrayList<>(list);
    }

    /** Lists in a class of their own that is sure to be saved and read again. */
    private static TreeMap<String, Object> saved(Map<String, Object> request) {
        TreeMap<String, Object> saved = new TreeMap<>();
        request.forEach((name, value) -> saved.put(name, value instanceof List<?> list ? new ArrayList<>(list) : value));
        return saved;
    }

    /** An output of which only its request is left. */
    private static final class RestoredOutput extends Output {
        private final Map<String, Object> request;

        RestoredOutput(Map<String, Object> request) {
            this.request = request;
        }

        @Override
        public Map<String, Object> request() {
            return request;
        }
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import io.jenkins.plugins.machineid.lease.LeaseOptions;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONObject;

/** A block's arguments in a form that is saved with the build: texts and lists of texts only. */
final class SavedOptions implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String identity;
    private final ArrayList<String> roles;
    private final String ttl;
    private final ArrayList<String> kubernetesClusters;
    private final ArrayList<String> outputs;
    private final ArrayList<String> readers;
    private final String leafCluster;

    SavedOptions(LeaseOptions options) {
        this.identity = options.identity();
        this.roles = copy(options.roles());
        this.ttl = options.ttl();
        this.kubernetesClusters = copy(options.kubernetesClusters());
        this.outputs = new ArrayList<>();
        if (options.outputs() != null) {
            options.outputs().forEach(output -> outputs.add(output.toJson().toString()));
        }
        this.readers = copy(options.readers());
        this.leafCluster = options.leafCluster();
    }

    LeaseOptions get() {
        List<Output> restored = new ArrayList<>();
        for (String output : outputs) {
            restored.add(new RestoredOutput(output));
        }
        return new LeaseOptions(identity, roles, ttl, kubernetesClusters, restored, readers, leafCluster);
    }

    private static ArrayList<String> copy(List<String> list) {
        return list == null ? null : new ArrayList<>(list);
    }

    /** An output of which only the library's form is left. */
    private static final class RestoredOutput extends Output {
        private final String json;

        RestoredOutput(String json) {
            this.json = json;
        }

        @Override
        public JSONObject toJson() {
            return new JSONObject(json);
        }
    }
}

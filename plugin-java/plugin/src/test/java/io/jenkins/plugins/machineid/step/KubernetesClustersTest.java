// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.jenkins.plugins.machineid.config.StandingDestination;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One cluster or several, from Pipeline, YAML or the form's one field. */
class KubernetesClustersTest {
    private static MachineIdStep step(String one, List<String> several) {
        MachineIdStep step = new MachineIdStep();
        step.setKubernetesCluster(one);
        step.setKubernetesClusters(several);
        return step;
    }

    @Test
    void a_single_cluster_is_written_in_the_singular_however_it_was_given() {
        for (MachineIdStep step : List.of(step("prod", null), step(null, List.of("prod")), step("", List.of(" prod, ")))) {
            assertEquals("prod", step.getKubernetesCluster());
            assertNull(step.getKubernetesClusters());
            assertEquals("prod", step.getKubernetesText());
        }
        assertNull(step(null, null).getKubernetesCluster());
        assertNull(step(" ", List.of()).getKubernetesClusters());
    }

    @Test
    void several_keep_their_order_and_each_is_there_once() {
        MachineIdStep step = step(null, List.of("prod, eu/staging 1", "dev", "prod"));
        assertNull(step.getKubernetesCluster());
        assertEquals(List.of("prod", "eu/staging 1", "dev"), step.getKubernetesClusters());
        assertEquals("prod, eu/staging 1, dev", step.getKubernetesText());
        assertEquals(List.of("dev", "prod"), step("dev", List.of("prod", "dev")).getKubernetesClusters());
    }

    @Test
    void the_form_gives_back_what_it_shows() {
        MachineIdBuildWrapper wrapper = new MachineIdBuildWrapper();
        wrapper.setKubernetesClusters(List.of("prod", "staging"));
        MachineIdBuildWrapper again = new MachineIdBuildWrapper();
        again.setKubernetesClusters(List.of(wrapper.getKubernetesText()));
        assertEquals(wrapper.getKubernetesClusters(), again.getKubernetesClusters());
        StandingDestination standing = new StandingDestination("/opt/machine-id");
        standing.setKubernetesClusters(List.of("prod", "staging"));
        assertEquals(List.of("prod", "staging"), standing.kubernetes());
        assertNull(standing.getKubernetesCluster());
    }

    @Test
    void a_pipeline_that_is_resumed_still_knows_them() throws IOException, ClassNotFoundException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ObjectOutputStream objects = new ObjectOutputStream(out)) {
            objects.writeObject(new SavedOptions(step(null, List.of("prod", "staging")).options()));
        }
        try (ObjectInputStream objects = new ObjectInputStream(new ByteArrayInputStream(out.toByteArray()))) {
            assertEquals(List.of("prod", "staging"), ((SavedOptions) objects.readObject()).get().kubernetesClusters());
        }
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Queue;
import org.jenkinsci.plugins.durabletask.executors.ContinuedTask;

/** The parts of builds that ran on their agent before the controller was restarted. Needs the plugin durable-task. */
final class ContinuedParts {
    private static final boolean THERE = there();

    private ContinuedParts() {}

    /**
     * Such a part was let in when it began, and its processes are still there. It must come back to its agent, so that
     * a block whose permission was withdrawn can end with the rule's sentence.
     */
    static boolean contains(Queue.Task task) {
        return THERE && Known.contains(task);
    }

    private static boolean there() {
        try {
            Class.forName("org.jenkinsci.plugins.durabletask.executors.ContinuedTask", false,
                    ContinuedParts.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** Loaded only where the other plugin is. */
    private static final class Known {
        static boolean contains(Queue.Task task) {
            return task instanceof ContinuedTask part && part.isContinued();
        }
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.model.Cause;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Who or what started a build. All of its causes count: a user can join a build that the timer has put into the queue. */
record StartFacts(String user, String cause) {
    /** Nothing was started: a join is tried. No build has this cause. */
    static final StartFacts TRIAL = new StartFacts("", "trial");

    private static final Map<String, String> KINDS = Map.ofEntries(
            Map.entry("hudson.model.Cause$UserIdCause", "user"),
            Map.entry("hudson.model.Cause$UpstreamCause", "upstream"),
            Map.entry("hudson.model.Cause$RemoteCause", "remote"),
            Map.entry("hudson.triggers.TimerTrigger$TimerTriggerCause", "timer"),
            Map.entry("hudson.triggers.SCMTrigger$SCMTriggerCause", "scm"),
            Map.entry("jenkins.branch.BranchEventCause", "branch"),
            Map.entry("jenkins.branch.BranchIndexingCause", "branch"),
            Map.entry("org.jenkinsci.plugins.workflow.cps.replay.ReplayCause", "replay"));

    static StartFacts of(List<Cause> causes) {
        TreeSet<String> kinds = new TreeSet<>();
        TreeSet<String> users = new TreeSet<>();
        for (Cause cause : causes) {
            kinds.add(kind(cause.getClass()));
            if (cause instanceof Cause.UserIdCause user) {
                users.add(user.getUserId() == null ? "" : user.getUserId());
            }
        }
        return new StartFacts(users.size() == 1 ? users.first() : "", String.join("+", kinds));
    }

    private static String kind(Class<?> type) {
        for (Class<?> at = type; at != null; at = at.getSuperclass()) {
            String kind = KINDS.get(at.getName());
            if (kind != null) {
                return kind;
            }
        }
        return "other";
    }
}

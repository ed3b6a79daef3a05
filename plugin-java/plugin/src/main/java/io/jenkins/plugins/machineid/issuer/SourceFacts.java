// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.model.Item;
import hudson.model.ItemGroup;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.scm.api.SCMHead;
import jenkins.scm.api.SCMHeadOrigin;
import jenkins.scm.api.mixin.ChangeRequestSCMHead;
import jenkins.scm.api.mixin.TagSCMHead;

/**
 * Which branch or change request a multibranch job is of. Needs the plugin scm-api, as each multibranch job does; what
 * can't be told counts as coming from a fork.
 */
record SourceFacts(String branch, String changeRequest, boolean fork) {
    private static final Logger LOGGER = Logger.getLogger(SourceFacts.class.getName());
    static final SourceFacts NONE = new SourceFacts("", "", false);
    private static final SourceFacts UNKNOWN = new SourceFacts("", "", true);
    private static final boolean THERE = there();

    static SourceFacts of(Item job) {
        try {
            // A job can be part of one in the folder, as each configuration of a matrix is.
            for (Object at = job; at instanceof Item item; at = item.getParent()) {
                SourceFacts known = THERE ? Known.of(item) : null;
                if (known != null) {
                    return known;
                }
                if (isMultibranch(item.getParent())) {
                    return UNKNOWN;
                }
            }
            return NONE;
        } catch (LinkageError | RuntimeException e) {
            LOGGER.log(Level.WARNING, "Nothing can be said about the sources of " + job.getFullName()
                    + "; it counts as a fork", e);
            return UNKNOWN;
        }
    }

    private static boolean isMultibranch(ItemGroup<?> group) {
        Class<?> type = group == null ? null : group.getClass();
        while (type != null && !type.getName().equals("jenkins.branch.MultiBranchProject")) {
            type = type.getSuperclass();
        }
        return type != null;
    }

    private static boolean there() {
        try {
            Class.forName("jenkins.scm.api.SCMHead$HeadByItem", false, SourceFacts.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** Loaded only where the other plugin is. */
    private static final class Known {
        /** Null: the job is of no branch. */
        static SourceFacts of(Item item) {
            SCMHead head = SCMHead.HeadByItem.findHead(item);
            return head == null ? null : of(head);
        }

        private static SourceFacts of(SCMHead head) {
            if (head instanceof ChangeRequestSCMHead request) {
                boolean inside = saysOrigin(head) && isInside(head);
                return new SourceFacts(head.getName(), request.getId(), !inside);
            }
            return new SourceFacts(head instanceof TagSCMHead ? "" : head.getName(), "", !isInside(head));
        }

        private static boolean isInside(SCMHead head) {
            return SCMHeadOrigin.DEFAULT.equals(head.getOrigin());
        }

        /** What doesn't say where it comes from has the answer of the base class: from inside. */
        private static boolean saysOrigin(SCMHead head) {
            try {
                return head.getClass().getMethod("getOrigin").getDeclaringClass() != SCMHead.class;
            } catch (NoSuchMethodException e) {
                return false;
            }
        }
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.reply.Reply;

/** Tells a block that its certificates are not renewed, once for each cause, and when they are again. */
final class RenewalNotice {
    /** What the controller itself tried and could not, as the block was told last; null: nothing. */
    private String failed;
    /** The same of what the library reports. */
    private String reported;

    /** The controller had it renewed. */
    synchronized void renewed() {
        failed = null;
    }

    /** The controller tried to have it renewed. */
    synchronized void failed(ActiveLeases.Holder holder, String why) {
        if (!cause(why).equals(failed)) {
            failed = cause(why);
            say(holder, Messages.Console_notRenewed(why));
        }
    }

    /** @param lease what the agent says of it */
    synchronized void reported(ActiveLeases.Holder holder, Reply lease) {
        String problem = lease.text("problem");
        String identity = holder.session().identity();
        if (problem.isEmpty()) {
            if (reported != null && lease.flag("usable")) {
                reported = null;
                say(holder, Messages.Console_renewedAgain(identity, lease.text("expires_at")));
            }
        } else if (!cause(problem).equals(reported)) {
            reported = cause(problem);
            say(holder, lease.flag("usable")
                    ? Messages.Console_reported(identity, lease.text("expires_at"), problem)
                    : Messages.Console_unusable(identity, problem));
        }
    }

    /** What changes from one try to the next, as a time or a port does, makes no other cause. */
    static String cause(String sentence) {
        return sentence.replaceAll("\\d+", "0");
    }

    private static void say(ActiveLeases.Holder holder, String line) {
        holder.listener().getLogger().println(line);
    }
}

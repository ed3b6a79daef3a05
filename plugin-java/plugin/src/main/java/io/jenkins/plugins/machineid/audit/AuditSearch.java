// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import io.jenkins.plugins.machineid.Messages;
import java.time.Duration;
import java.time.Instant;
import org.json.JSONObject;

/**
 * How the events of the same thing are found in the audit log of a Teleport cluster, as lines of JSON: a program of jq.
 *
 * @param title what it finds
 * @param command for a shell
 */
public record AuditSearch(String title, String command) {
    /** How far the clocks of controller and cluster may differ. */
    private static final Duration MARGIN = Duration.ofMinutes(2);

    /**
     * The joins of one build, and from Teleport 16.2 on what the instances of bots did that they made. The statement has the
     * build's address, whichever form it has.
     */
    static AuditSearch ofBuild(String url) {
        String program = "[.[] | select(.event == \"bot.join\" and any(.. | strings; . == " + JSONObject.quote(url) + "))] as $joins"
                + " | [$joins[].bot_instance_id | values] as $bots"
                + " | .[] | select(.uid as $id | any($joins[]; .uid == $id)"
                + " or ((.bot_instance_id // .identity.bot_instance_id) as $bot | any($bots[]; . == $bot)))";
        return new AuditSearch(Messages.Search_build(), "jq -cs " + quoted(program));
    }

    /**
     * What a bot did in the time of its leases: other builds of the same bot are among it.
     *
     * @param bot its user, as an agent reports it
     * @param until null: no end yet
     */
    static AuditSearch ofBot(String bot, Instant from, Instant until) {
        String end = until == null ? "" : " and .time <= " + JSONObject.quote(until.plus(MARGIN).toString());
        String program = "select(any(.user, .user_name, .identity.user, (.bot_name | values | \"bot-\" + .); . == " + JSONObject.quote(bot) + ") and .time >= "
                + JSONObject.quote(from.minus(MARGIN).toString()) + end + ")";
        return new AuditSearch(Messages.Search_bot(bot), "jq -c " + quoted(program));
    }

    /** One word of a POSIX shell, whatever an agent has put into it. */
    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}

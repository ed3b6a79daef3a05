// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.model.Computer;
import hudson.model.Run;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.agent.Hashes;
import io.jenkins.plugins.machineid.audit.Inspection;
import io.jenkins.plugins.machineid.audit.MachineIdAction;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What was issued into a block's lease.
 *
 * @param reply the agent's, looked over
 * @param expires whole seconds
 * @param listeners for databases and applications, in the order of the request
 * @param way how the identity was come by, as far as it is known here
 */
record LeaseFill(Reply reply, Instant expires, List<Listener> listeners, String way) {
    /** Has certificates issued into the lease's directory, and believes nothing of what the agent says about them. */
    static LeaseFill of(LeaseSession session, Run<?, ?> run, Computer computer) throws IOException, InterruptedException {
        // Before the policy is asked about the agent: a machine that takes its place meanwhile isn't the one that was allowed.
        AgentLink link = AgentLink.to(computer);
        Settings settings = FolderIdentities.settings(run);
        LeaseRequest request = session.request();
        session.requireHeld();
        try (EngineConfig config = NodeLookup.engineConfig(settings, computer, request.identity());
                LeaseStatement statement =
                        LeaseStatement.ofBuild(settings, request.identity(), run, computer.getNode())) {
            byte[] json = request.json(
                    session.lease(),
                    session.directory(),
                    false,
                    NodeLookup.scope(settings, request.identity()),
                    session.ports(),
                    statement.isNeeded() ? share(session, run) : null);
            config.used(run, computer.getNode());
            session.requireHeld();
            if (statement.isNeeded()) {
                // Before the bytes leave: what the agent says afterwards of joining isn't needed.
                MachineIdAction.of(run).signed(session.allowance(), statement.id());
                session.renewal().stated();
            }
            Reply reply;
            try {
                reply = link.acquire(
                        config, request.identity(), session.lease(), session.parent(), json, statement.bytes());
            } catch (NativeFailure e) {
                throw JoinAdvice.told(e, link, session.agentName(), settings, request.identity());
            }
            session.note(run, reply);
            session.require(reply.objects("certificates").isEmpty() ? Messages.Audit_none() : null);
            Instant now = Instant.now();
            Instant time = reply.time("expires_at");
            Instant expires = time == null ? null : time.truncatedTo(ChronoUnit.SECONDS);
            session.require(Inspection.expiry(session.allowance(), expires, now));
            if (statement.isNeeded()) {
                session.renewal().plan(now, expires);
            }
            List<Listener> listeners = Listener.read(reply, request.tunnels(session.ports()));
            return new LeaseFill(
                    reply, expires, listeners, way(settings, request.identity(), statement, reply.text("origin")));
        }
    }

    /**
     * How the identity was come by.
     *
     * @param origin the agent's word, for show alone
     */
    static String way(Settings settings, String identity, LeaseStatement statement, String origin) {
        if (statement.isNeeded()) {
            return Messages.Console_signed();
        }
        String method = settings.identity(identity).getJoin().symbol();
        return switch (origin) {
            case "joined" -> Messages.Console_joined(method);
            case "renewed" -> Messages.Console_renewed(method);
            case "kept" -> Messages.Console_kept(method);
            default -> Messages.Console_method(method);
        };
    }

    /** Blocks of this build with this identity on this node: the same is stated about them. */
    private static String share(LeaseSession session, Run<?, ?> run) {
        // By the name that is stated, not by the one that the block began with: a new job may have that now.
        String build = session.runId() + "\n" + run.getParent().getFullName();
        byte[] digest = Hashes.sha256()
                .digest((build + "\n" + session.identity() + "\n" + session.nodeName()).getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest, 0, 16);
    }

    /** For the console. */
    String firstLine(LeaseRequest request, String agent) {
        String roles = request.roles().isEmpty() ? granted("roles") : String.join(", ", request.roles());
        String logins = granted("principals");
        return Messages.Console_start(
                request.identity(),
                roles,
                logins.isEmpty() ? Messages.Console_noLogins() : Messages.Console_logins(logins),
                expires.toString(),
                Durations.text(request.ttlSeconds()),
                agent,
                way);
    }

    /** As the agent says; names that the cluster made up for want of any aren't for people. */
    private String granted(String what) {
        return reply.objects("certificates").stream()
                .findFirst()
                .map(certificate -> certificate.texts(what).stream().filter(name -> !name.startsWith("-teleport-")))
                .map(names -> AgentText.line(names.collect(Collectors.joining(", "))))
                .orElse("");
    }
}

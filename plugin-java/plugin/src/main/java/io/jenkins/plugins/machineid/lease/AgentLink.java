// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.remoting.Callable;
import hudson.remoting.VirtualChannel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.agent.AcquireTask;
import io.jenkins.plugins.machineid.agent.AgentStatus;
import io.jenkins.plugins.machineid.agent.Answer;
import io.jenkins.plugins.machineid.agent.CheckTask;
import io.jenkins.plugins.machineid.agent.DiscardTask;
import io.jenkins.plugins.machineid.agent.DropTask;
import io.jenkins.plugins.machineid.agent.KeyTask;
import io.jenkins.plugins.machineid.agent.OpenTask;
import io.jenkins.plugins.machineid.agent.ReleaseTask;
import io.jenkins.plugins.machineid.agent.RenewTask;
import io.jenkins.plugins.machineid.agent.SealedBox;
import io.jenkins.plugins.machineid.agent.StatusTask;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.AgentReports;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Calls to one connected agent. A configuration travels only when the agent has no engine open for it. */
final class AgentLink {
    /** Seconds: what the library may take for a lease, and the way of the library itself to a new agent. */
    static final long ACQUIRE = LeaseRequest.DEADLINE_MS / 1000 + 60;
    /** Seconds for what asks the cluster for one thing. */
    static final long ASK = 60;
    /** Seconds for a look at the cluster, which the library ends by itself. */
    static final long CHECK = Vocabulary.limit("check_seconds") + 15;
    /** Seconds for what the agent does by itself. */
    static final long LOCAL = 30;
    /** Engines whose status is read; an agent has one for each configuration of an identity. */
    private static final int MAX_ENGINES = 100;

    private final String node;
    private final String agent;
    private final AgentCalls calls;
    private final String root;

    AgentLink(String node, String agent, VirtualChannel channel, String root) {
        this.node = node;
        this.agent = agent;
        this.calls = new AgentCalls(node, agent, channel);
        this.root = root;
    }

    /** @throws AbortException when the agent isn't connected */
    static AgentLink to(Computer computer) throws AbortException {
        Node node = computer.getNode();
        VirtualChannel channel = computer.getChannel();
        FilePath root = node == null ? null : node.getRootPath();
        if (channel == null || root == null) {
            throw new AbortException(Messages.Lease_offline(computer.getDisplayName()));
        }
        return new AgentLink(computer.getName(), computer.getDisplayName(), channel, root.getRemote());
    }

    /** @param statement who the build is, signed; null: the agent proves itself who it is */
    Reply acquire(EngineConfig config, String identity, String lease, String parent, byte[] request, byte[] statement)
            throws IOException, InterruptedException {
        byte[] sealed = statement == null ? null : seal(answer(new KeyTask(root), ASK).getSealTo(), statement);
        AcquireTask task = new AcquireTask(root, config.key(), lease, parent, request, sealed);
        return done(() -> Reply.read(withConfig(task, ACQUIRE, config, identity)));
    }

    Reply renew(EngineConfig config, String identity) throws IOException, InterruptedException {
        return done(() -> Reply.read(withConfig(new RenewTask(root, config.key(), identity), ASK, config, identity)));
    }

    /** Releases a lease whose id may be taken again, and of whose directory only the agent's table knows. */
    Reply release(String lease) throws IOException, InterruptedException {
        return end(lease, null, false);
    }

    /**
     * Ends a lease for good. Needs the agent's lease table and nothing else: no configuration, no policy.
     *
     * @param directory as the controller chose it
     */
    Reply end(String lease, String directory) throws IOException, InterruptedException {
        return end(lease, directory, true);
    }

    private Reply end(String lease, String directory, boolean forGood) throws IOException, InterruptedException {
        Answer answer = answer(new ReleaseTask(root, lease, forGood), LOCAL);
        if (answer.isConfigurationWanted()) {
            answer = answer(new DiscardTask(root, lease, directory), LOCAL);
        }
        AgentReports.get().touched(node);
        return Reply.read(answer.getReply());
    }

    private interface Work {
        Reply now() throws IOException, InterruptedException;
    }

    /** What was known of the agent holds no longer; what fails there is looked into at once. */
    private Reply done(Work work) throws IOException, InterruptedException {
        AgentReports.get().touched(node);
        try {
            return work.now();
        } catch (NativeFailure e) {
            Maintenance.lookSoon(node);
            throw e;
        }
    }

    Reply check(EngineConfig config) throws IOException, InterruptedException {
        byte[] sealTo = answer(new KeyTask(root), ASK).getSealTo();
        return Reply.read(answer(new CheckTask(root, seal(sealTo, config.bytes())), CHECK).getReply());
    }

    /** Drops an identity on the agent. */
    Reply drop(EngineConfig config, String identity) throws IOException, InterruptedException {
        return done(() -> Reply.read(withConfig(new DropTask(root, config.key(), identity), ASK, config, identity)));
    }

    /**
     * What the agent says of itself now, which {@link AgentReports} remembers.
     *
     * @return of each engine that has answered; none where all is as before
     */
    List<Reply> status() throws IOException, InterruptedException {
        try {
            return answered();
        } catch (AgentGone e) {
            // It is offline, and shown so.
            throw e;
        } catch (AbortException e) {
            AgentReports.get().unanswered(node, agent, TrialAgents.sentence(e), Instant.now());
            throw e;
        }
    }

    private List<Reply> answered() throws IOException, InterruptedException {
        String known = AgentReports.get().number(node);
        AgentStatus said = calls.call(AgentStatus.class, new StatusTask(root, known), LOCAL);
        Instant now = Instant.now();
        if (said.isUnchanged()) {
            if (known == null || AgentReports.get().heardAgain(node, now).isEmpty()) {
                throw Reply.malformed("unchanged, and nothing before");
            }
            return List.of();
        }
        List<Reply> replies = new ArrayList<>();
        String fault = read(said, replies);
        AgentReport report = AgentReport.of(agent, said, replies, fault, now);
        if (AgentReports.get().hasLostEngines(node, report)) {
            // As after a restart of its JVM.
            ActiveLeases.get().agentLost(node);
            Maintenance.lookSoon(node);
        }
        AgentReports.get().heard(node, report);
        AgentCounts.get().heard(node, replies, fault.isEmpty(), Believed.now(node));
        return replies;
    }

    /**
     * @param replies of the engines that have answered
     * @return why another one hasn't; empty: there is none
     */
    private static String read(AgentStatus said, List<Reply> replies) throws NativeFailure {
        String fault = "";
        int engines = 0;
        long size = 0;
        for (Object reply : said.getReplies()) {
            if (engines++ == MAX_ENGINES || !(reply instanceof byte[] bytes)) {
                throw Reply.malformed("status of " + engines + " engines");
            }
            size += bytes.length;
            if (size > Reply.MAX_BYTES) {
                throw Reply.malformed("status of more than " + Reply.MAX_BYTES + " bytes");
            }
            try {
                replies.add(Reply.read(bytes));
            } catch (NativeFailure e) {
                // The others tell how they stand all the same.
                fault = e.sentence();
            }
        }
        return fault;
    }

    private byte[] withConfig(Callable<Answer, IOException> task, long seconds, EngineConfig config, String identity)
            throws IOException, InterruptedException {
        Answer answer = answer(task, seconds);
        if (answer.isConfigurationWanted()) {
            byte[] sealed = seal(answer.getSealTo(), config.bytes());
            Reply.read(answer(new OpenTask(root, config.key(), identity, sealed), ASK).getReply());
            answer = answer(task, seconds);
        }
        if (answer.isConfigurationWanted()) {
            throw Reply.malformed("the engine went away");
        }
        return answer.getReply();
    }

    private Answer answer(Callable<Answer, IOException> task, long seconds) throws AbortException, InterruptedException {
        return calls.call(Answer.class, task, seconds);
    }

    private static byte[] seal(byte[] sealTo, byte[] secret) throws NativeFailure {
        try {
            return SealedBox.seal(sealTo, secret);
        } catch (GeneralSecurityException e) {
            throw Reply.malformed("key for secrets: " + e.getMessage());
        }
    }

}

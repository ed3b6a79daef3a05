// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.remoting.Callable;
import hudson.remoting.ChannelClosedException;
import hudson.remoting.RequestAbortedException;
import hudson.remoting.VirtualChannel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.agent.AcquireTask;
import io.jenkins.plugins.machineid.agent.Answer;
import io.jenkins.plugins.machineid.agent.CheckTask;
import io.jenkins.plugins.machineid.agent.DiscardTask;
import io.jenkins.plugins.machineid.agent.KeyTask;
import io.jenkins.plugins.machineid.agent.NativeUnavailableException;
import io.jenkins.plugins.machineid.agent.OpenTask;
import io.jenkins.plugins.machineid.agent.ReleaseTask;
import io.jenkins.plugins.machineid.agent.RenewTask;
import io.jenkins.plugins.machineid.agent.SealedBox;
import io.jenkins.plugins.machineid.agent.StatusTask;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;

/** Calls to one connected agent. A configuration travels only when the agent has no engine open for it. */
final class AgentLink {
    private final String agent;
    private final VirtualChannel channel;
    private final String root;

    private AgentLink(String agent, VirtualChannel channel, String root) {
        this.agent = agent;
        this.channel = channel;
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
        return new AgentLink(computer.getDisplayName(), channel, root.getRemote());
    }

    Reply acquire(EngineConfig config, String identity, String lease, String parent, byte[] request)
            throws IOException, InterruptedException {
        AcquireTask task = new AcquireTask(root, config.key(), lease, parent, request);
        return Reply.read(withConfig(task, config, identity));
    }

    Reply renew(EngineConfig config, String identity) throws IOException, InterruptedException {
        return Reply.read(withConfig(new RenewTask(root, config.key(), identity), config, identity));
    }

    /**
     * Ends a lease, also one that no process there remembers: the agent's lease table is all that is needed.
     *
     * @param directory as the controller chose it; null: only what the table knows is ended
     * @param forGood the id will not be taken again
     */
    Reply release(String lease, String directory, boolean forGood) throws IOException, InterruptedException {
        Answer answer = call(new ReleaseTask(root, lease, forGood));
        if (answer.isConfigurationWanted()) {
            answer = call(new DiscardTask(root, lease, directory));
        }
        return Reply.read(answer.getReply());
    }

    Reply check(EngineConfig config) throws IOException, InterruptedException {
        Answer key = call(new KeyTask(root));
        return Reply.read(call(new CheckTask(root, seal(key.getSealTo(), config))).getReply());
    }

    List<Reply> status() throws IOException, InterruptedException {
        List<Reply> replies = new ArrayList<>();
        for (byte[] reply : call(new StatusTask(root))) {
            replies.add(Reply.read(reply));
        }
        return replies;
    }

    private byte[] withConfig(Callable<Answer, IOException> task, EngineConfig config, String identity)
            throws IOException, InterruptedException {
        Answer answer = call(task);
        if (answer.isConfigurationWanted()) {
            open(config, identity, answer.getSealTo());
            answer = call(task);
        }
        if (answer.isConfigurationWanted()) {
            throw Reply.malformed("the engine went away");
        }
        return answer.getReply();
    }

    private void open(EngineConfig config, String identity, byte[] sealTo) throws IOException, InterruptedException {
        Answer opened = call(new OpenTask(root, config.key(), identity, seal(sealTo, config)));
        Reply.read(opened.getReply());
    }

    private static byte[] seal(byte[] sealTo, EngineConfig config) throws NativeFailure {
        try {
            return SealedBox.seal(sealTo, config.bytes());
        } catch (GeneralSecurityException e) {
            throw Reply.malformed("key for the token: " + e.getMessage());
        }
    }

    private <V> V call(Callable<V, IOException> task) throws IOException, InterruptedException {
        try {
            return channel.call(task);
        } catch (NativeUnavailableException e) {
            throw NativeFailure.of(e, agent);
        } catch (RequestAbortedException | ChannelClosedException e) {
            throw new AgentGone(agent, e);
        }
    }
}

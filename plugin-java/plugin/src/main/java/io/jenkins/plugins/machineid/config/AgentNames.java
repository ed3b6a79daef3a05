// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.Extension;
import hudson.FilePath;
import hudson.XmlFile;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.model.Slave;
import hudson.model.TaskListener;
import hudson.remoting.Channel;
import hudson.remoting.VirtualChannel;
import hudson.slaves.ComputerListener;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import jenkins.model.NodeListener;

/**
 * Remembers the agents that got their name, or their way to start, from somebody who is no administrator. An identity
 * names agents; who may configure or create an agent can give it a name, that of an agent that was deleted too, and can
 * point an agent that has the name to a machine of their own. Such an agent has no identity by its name until an
 * administrator saves its configuration, and it is connected anew: the machine that is connected may be one to which an
 * earlier configuration led. Agents that a cloud makes are made by Jenkins itself.
 */
@Extension
public class AgentNames extends NodeListener {
    private static final Logger LOGGER = Logger.getLogger(AgentNames.class.getName());
    /** Jenkins' own kind of agent. */
    private static final String PERMANENT = "hudson.slaves.DumbSlave";
    private static final Set<String> DOUBTED = ConcurrentHashMap.newKeySet();
    /** Connections that are older than an administrator's word for their agent. */
    private static final Set<VirtualChannel> OLDER =
            Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));
    /** Agents that were just connecting at that moment. */
    private static final Set<String> CONNECTING = ConcurrentHashMap.newKeySet();

    private static volatile boolean loaded;

    /** True unless somebody else than an administrator gave it its name, or chose the machine that is connected. */
    static boolean vouched(Node node) {
        load();
        if (DOUBTED.contains(node.getNodeName())) {
            return false;
        }
        Computer computer = node.toComputer();
        VirtualChannel channel = computer == null ? null : computer.getChannel();
        return channel == null || !OLDER.contains(channel);
    }

    @Override
    protected void onCreated(Node node) {
        judge(node, true, administrator());
    }

    /** Old and new are the same object when something else than the configuration changed. */
    @Override
    protected void onUpdated(Node oldOne, Node newOne) {
        if (oldOne != newOne) {
            boolean renamed = !oldOne.getNodeName().equals(newOne.getNodeName());
            judge(newOne, renamed || startsOtherwise(oldOne, newOne), administrator());
        }
    }

    /** The next agent of this name is judged when it comes. */
    @Override
    protected void onDeleted(Node node) {
        load();
        synchronized (AgentNames.class) {
            CONNECTING.remove(node.getNodeName());
            if (Jenkins.get().getNode(node.getNodeName()) == null && DOUBTED.remove(node.getNodeName())) {
                save();
            }
        }
    }

    /** @param changed the name, or how it starts, is another one than before */
    static void judge(Node node, boolean changed, boolean administrator) {
        load();
        String name = node.getNodeName();
        // Listeners are told after the change: what comes in between must not get an older change's judgement.
        synchronized (AgentNames.class) {
            if (!administrator) {
                if (changed && DOUBTED.add(name)) {
                    save();
                }
            } else if (Jenkins.get().getNode(name) == node && DOUBTED.contains(name)) {
                doubtConnection(node);
                DOUBTED.remove(name);
                save();
            }
        }
    }

    private static void doubtConnection(Node node) {
        Computer computer = node.toComputer();
        if (computer == null) {
            return;
        }
        // In this order: one that is made meanwhile is seen by the one or the other.
        if (computer.isConnecting()) {
            CONNECTING.add(node.getNodeName());
        }
        VirtualChannel channel = computer.getChannel();
        if (channel != null) {
            OLDER.add(channel);
        }
    }

    /** A connection that began while its agent was doubted. */
    static void connected(String nodeName, VirtualChannel channel) {
        if (CONNECTING.remove(nodeName)) {
            OLDER.add(channel);
        }
    }

    /** Told before the connection is of use to anybody. */
    @Extension
    public static class Connections extends ComputerListener {
        @Override
        public void preOnline(Computer c, Channel channel, FilePath root, TaskListener listener) {
            connected(c.getName(), channel);
        }
    }

    private static boolean administrator() {
        return Jenkins.get().hasPermission(Jenkins.ADMINISTER);
    }

    private static boolean startsOtherwise(Node before, Node after) {
        return !Objects.equals(start(before), start(after));
    }

    /**
     * How the agent's process is started, and where it keeps its files. With other kinds of agents, as those of clouds,
     * any of their fields may say which machine is meant.
     */
    private static String start(Node node) {
        return node instanceof Slave agent && node.getClass().getName().equals(PERMANENT)
                ? Jenkins.XSTREAM2.toXML(agent.getLauncher()) + '\n' + agent.getRemoteFS()
                : Jenkins.XSTREAM2.toXML(node);
    }

    private static XmlFile file() {
        return new XmlFile(new File(Jenkins.get().getRootDir(), AgentNames.class.getName() + ".xml"));
    }

    /** Asked with the queue's lock held: once it is read, nobody waits for a disk here. */
    private static void load() {
        if (!loaded) {
            read();
        }
    }

    private static synchronized void read() {
        if (loaded) {
            return;
        }
        try {
            if (file().exists() && file().read() instanceof Collection<?> names) {
                names.forEach(name -> DOUBTED.add(String.valueOf(name)));
            }
            loaded = true;
        } catch (IOException e) {
            throw new IllegalStateException("can't tell which agents an administrator has confirmed", e);
        }
    }

    private static synchronized void save() {
        try {
            file().write(new ArrayList<>(new TreeSet<>(DOUBTED)));
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "what is remembered of agents' names could not be saved", e);
        }
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.Extension;
import hudson.XmlFile;
import hudson.model.Node;
import hudson.model.Slave;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import jenkins.model.NodeListener;

/**
 * Remembers the agents that got their name, or their way to start, from somebody who is no administrator. An identity
 * names agents; who may configure or create an agent can give it a name, that of an agent that was deleted too, and can
 * point an agent that has the name to a machine of their own. Such an agent has no identity by its name until an
 * administrator saves its configuration. Agents that a cloud makes are made by Jenkins itself.
 */
@Extension
public class AgentNames extends NodeListener {
    private static final Logger LOGGER = Logger.getLogger(AgentNames.class.getName());
    private static final Set<String> DOUBTED = new CopyOnWriteArraySet<>();
    private static boolean loaded;

    /** True unless it is an agent whose name somebody else gave. */
    static boolean vouched(String nodeName) {
        load();
        return !DOUBTED.contains(nodeName);
    }

    @Override
    protected void onCreated(Node node) {
        judge(node.getNodeName(), true);
    }

    /** Old and new are the same object when something else than the configuration changed. */
    @Override
    protected void onUpdated(Node oldOne, Node newOne) {
        if (oldOne != newOne) {
            boolean renamed = !oldOne.getNodeName().equals(newOne.getNodeName());
            judge(newOne.getNodeName(), renamed || startsOtherwise(oldOne, newOne));
        }
    }

    /** The next agent of this name is judged when it comes. */
    @Override
    protected void onDeleted(Node node) {
        load();
        if (Jenkins.get().getNode(node.getNodeName()) == null && DOUBTED.remove(node.getNodeName())) {
            save();
        }
    }

    /** @param changed the name, or how it starts, is another one than before */
    private static void judge(String name, boolean changed) {
        load();
        boolean news = Jenkins.get().hasPermission(Jenkins.ADMINISTER)
                ? DOUBTED.remove(name)
                : changed && DOUBTED.add(name);
        if (news) {
            save();
        }
    }

    private static boolean startsOtherwise(Node before, Node after) {
        return !Objects.equals(start(before), start(after));
    }

    /** How the agent's process is started, and where it keeps its files. */
    private static String start(Node node) {
        return node instanceof Slave agent
                ? Jenkins.XSTREAM2.toXML(agent.getLauncher()) + '\n' + agent.getRemoteFS()
                : Jenkins.XSTREAM2.toXML(node);
    }

    private static XmlFile file() {
        return new XmlFile(new File(Jenkins.get().getRootDir(), AgentNames.class.getName() + ".xml"));
    }

    private static synchronized void load() {
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

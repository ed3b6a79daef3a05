// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.FilePath;
import hudson.remoting.VirtualChannel;
import hudson.slaves.NodeProperty;
import jenkins.model.Jenkins;

/** A node of the test's Jenkins, with the channel that a test gives it. */
public final class FakeAgent extends Node {
    private final String name;
    private final Connected computer = new Connected();
    public volatile VirtualChannel channel;
    public volatile NodeProperty<?> property;
    public volatile boolean connecting;
    /** To be found among the agents that something can be tried on. */
    public volatile boolean online;
    /** The person of a test may configure this agent. */
    public volatile boolean configurable;
    public volatile String labels = "";

    public FakeAgent(String name, VirtualChannel channel) {
        this.name = name;
        this.channel = channel;
        Jenkins.get().nodes().put(name, this);
    }

    public void delete() {
        Jenkins.get().nodes().remove(name);
    }

    public Computer computer() {
        return computer;
    }

    @Override
    public String getNodeName() {
        return name;
    }

    @Override
    public String getLabelString() {
        return labels;
    }

    @Override
    public Computer toComputer() {
        return computer;
    }

    @Override
    @SuppressWarnings({"rawtypes", "unchecked"})
    public <T extends NodeProperty> T getNodeProperty(Class<T> type) {
        return type.isInstance(property) ? (T) property : null;
    }

    @Override
    public FilePath getRootPath() {
        return new FilePath(null, "/home/jenkins/" + name);
    }

    private final class Connected extends Computer {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public String getDisplayName() {
            return name;
        }

        @Override
        public Node getNode() {
            return FakeAgent.this;
        }

        @Override
        public boolean hasPermission(hudson.security.Permission permission) {
            return configurable && permission == CONFIGURE
                    || jenkins.model.Jenkins.get().hasPermission(jenkins.model.Jenkins.ADMINISTER);
        }

        @Override
        public void checkPermission(hudson.security.Permission permission) {
            if (Jenkins.get().granted != null && !hasPermission(permission)) {
                throw new SecurityException("lacks " + permission);
            }
        }

        @Override
        public boolean isOnline() {
            return online;
        }

        @Override
        public boolean isConnecting() {
            return connecting;
        }

        @Override
        public VirtualChannel getChannel() {
            return channel;
        }
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.model;

import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.security.Permission;
import java.io.File;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** In place of the declared class, which does nothing: a Jenkins with the nodes that a test puts there. */
public class Jenkins extends Node implements hudson.model.ItemGroup<hudson.model.TopLevelItem> {
    public static final Permission ADMINISTER = new Permission("Administer");
    public static final hudson.util.XStream2 XSTREAM2 = null;
    private static final Jenkins INSTANCE = new Jenkins();

    private final Map<String, Node> nodes = new ConcurrentHashMap<>();

    /** What the person of a test may do; null: nothing, and nothing is checked. */
    public volatile java.util.Set<Permission> granted;

    @Override
    public boolean hasPermission(Permission permission) {
        return granted != null && (granted.contains(permission) || granted.contains(ADMINISTER));
    }

    @Override
    public void checkPermission(Permission permission) {
        if (granted != null && !hasPermission(permission)) {
            throw new SecurityException("lacks " + permission);
        }
    }

    public static Jenkins get() {
        return INSTANCE;
    }

    public Map<String, Node> nodes() {
        return nodes;
    }

    public Node getNode(String name) {
        return nodes.get(name);
    }

    public hudson.model.Label getLabel(String expr) {
        return null;
    }

    public Computer[] getComputers() {
        return nodes.values().stream().map(Node::toComputer).toArray(Computer[]::new);
    }

    public File getRootDir() {
        return null;
    }

    @Override
    public String getNodeName() {
        return "";
    }

    @Override
    public FilePath getRootPath() {
        return null;
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.model;

import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.Node;
import hudson.security.Permission;
import java.io.File;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** In place of the declared class, which does nothing: a Jenkins with the nodes that a test puts there. */
public class Jenkins extends Node implements ItemGroup<Item> {
    public static final Permission ADMINISTER = new Permission("Administer");
    public static final Permission SYSTEM_READ = new Permission("SystemRead");
    public static final hudson.util.XStream2 XSTREAM2 = null;
    private static final Jenkins INSTANCE = new Jenkins();

    private final File home = home();
    public volatile String rootUrl = "https://ci.example.com/";

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

    public static org.springframework.security.core.Authentication getAuthentication2() {
        return hudson.security.ACL.SYSTEM2;
    }

    /** All jobs that there are, as a test says. */
    public volatile List<Item> jobs = List.of();

    @Override
    public String getFullName() {
        return "";
    }

    @Override
    public <T extends Item> List<T> getAllItems(Class<T> type) {
        return jobs.stream().filter(type::isInstance).map(type::cast).toList();
    }

    public <T extends Item> T getItemByFullName(String fullName, Class<T> type) {
        return getAllItems(type).stream().filter(item -> item.getFullName().equals(fullName)).findFirst().orElse(null);
    }

    private static File home() {
        try {
            File home = java.nio.file.Files.createTempDirectory("jenkins-home").toFile();
            home.deleteOnExit();
            return home;
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
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

    public List<Node> getNodes() {
        return nodes.values().stream().filter(node -> node != this).toList();
    }

    public Computer[] getComputers() {
        return nodes.values().stream().map(Node::toComputer).toArray(Computer[]::new);
    }

    public String getRootUrl() {
        return rootUrl;
    }

    public File getRootDir() {
        return home;
    }

    @Override
    public String getNodeName() {
        return "";
    }

    @Override
    public String getLabelString() {
        return "";
    }

    @Override
    public FilePath getRootPath() {
        return null;
    }
}

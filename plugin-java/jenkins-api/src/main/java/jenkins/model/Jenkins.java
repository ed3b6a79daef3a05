// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.model;

import hudson.model.Computer;
import hudson.model.Label;
import hudson.model.Node;
import hudson.security.Permission;
import hudson.util.XStream2;
import java.io.File;
import java.util.List;

public class Jenkins extends hudson.model.Node implements hudson.model.ItemGroup<hudson.model.Item> {
    public static final Permission ADMINISTER = null;
    public static final Permission SYSTEM_READ = null;

    public static final XStream2 XSTREAM2 = null;

    Jenkins() {}

    public static Jenkins get() throws IllegalStateException {
        return null;
    }

    public static org.springframework.security.core.Authentication getAuthentication2() {
        return null;
    }

    public Node getNode(String name) {
        return null;
    }

    public List<Node> getNodes() {
        return null;
    }

    public Label getLabel(String expr) {
        return null;
    }

    public Computer[] getComputers() {
        return null;
    }

    public String getRootUrl() throws IllegalStateException {
        return null;
    }

    public File getRootDir() {
        return null;
    }

    public <T extends hudson.model.Item> T getItemByFullName(String fullName, Class<T> type) {
        return null;
    }

    @Override
    public String getNodeName() {
        return null;
    }

    @Override
    public String getLabelString() {
        return null;
    }

    @Override
    public hudson.FilePath getRootPath() {
        return null;
    }

    @Override
    public String getFullName() {
        return null;
    }
}

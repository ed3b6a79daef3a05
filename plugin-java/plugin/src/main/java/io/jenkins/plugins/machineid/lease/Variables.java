// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Cluster;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The environment variables of a block, made on the controller from the directory that it chose and from its own
 * configuration. Of the agent's words only the time of expiry is in it. The library lays its files out the same way:
 * {@code tests/contract/layout.json} holds both to it.
 */
final class Variables {
    private static final int LONGEST_NAME = 100;
    private static final int SHOWN_NAME = 60;

    private Variables() {}

    /** @param directory the lease's own, as {@link #checked} lets it through */
    static Map<String, String> of(LeaseRequest request, String directory, Cluster cluster, Instant expiresAt)
            throws AbortException {
        Map<String, String> variables = new TreeMap<>();
        String sshConfig = directory + "/ssh_config";
        variables.put("MACHINE_ID_DIR", directory);
        variables.put("MACHINE_ID_BIN", directory + "/machine-id");
        variables.put("MACHINE_ID_SSH_CONFIG", sshConfig);
        variables.put("MACHINE_ID_EXPIRES_AT", expiresAt.toString());
        variables.put("TELEPORT_IDENTITY_FILE", directory + "/identity");
        variables.put("GIT_SSH_COMMAND", "ssh -F " + singleQuoted(sshConfig));
        if (cluster != null && cluster.getAddressKind().equals("proxy")) {
            variables.put("TELEPORT_PROXY", withPort(cluster.getAddress()));
        }
        List<String> kubeconfigs = new ArrayList<>();
        for (String name : request.kubernetesDirectories()) {
            String file = directory + "/kubernetes-" + fileWord(name) + "/kubeconfig.yaml";
            if (file.indexOf(':') >= 0) {
                throw new AbortException(Messages.Lease_colon(directory));
            }
            kubeconfigs.add(file);
        }
        if (!kubeconfigs.isEmpty()) {
            variables.put("KUBECONFIG", String.join(":", kubeconfigs));
        }
        return variables;
    }

    /**
     * A workspace's path: mostly the controller's own choice, but below the root that an agent names where its
     * configured one is relative.
     */
    static String checked(String path) throws AbortException {
        if (path == null || !path.startsWith("/") || !AgentText.isPath(path)) {
            throw new AbortException(Messages.Lease_path(AgentText.line(path)));
        }
        return path;
    }

    /** A name as part of a file name: itself where it is plain, else what can be kept of it and a hash of the whole. */
    static String fileWord(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (!name.isEmpty() && bytes.length <= LONGEST_NAME && name.chars().allMatch(Variables::plain)) {
            return name;
        }
        StringBuilder word = new StringBuilder();
        name.codePoints().limit(SHOWN_NAME).forEach(c -> word.append(plain(c) ? (char) c : '_'));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return word + "~" + HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean plain(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.';
    }

    private static String singleQuoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    private static String withPort(String address) {
        return address.matches(".*[^:]:[0-9]{1,5}") && !address.endsWith("]") ? address : address + ":443";
    }
}

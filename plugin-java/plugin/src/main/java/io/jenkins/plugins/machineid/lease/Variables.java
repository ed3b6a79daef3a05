// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.agent.Hashes;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.reply.AgentText;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * The environment variables of a block, made on the controller from the directory that it chose and from its own
 * configuration. Of the agent's reply only the time of expiry is in it. The library lays its files out the same way:
 * {@code contract/layout.json} holds both to it.
 */
final class Variables {
    /** An IPv6 address stands in brackets. */
    private static final Pattern PORT = Pattern.compile("[^\\[\\]]:[0-9]+$|]:[0-9]+$");
    private static final int LONGEST_NAME = 100;
    private static final int SHOWN_NAME = 60;

    private Variables() {}

    /**
     * @param outputs as they are asked for
     * @param directory the lease's own, as {@link #checked} lets it through
     * @param proxy null: not known to the controller
     */
    static Map<String, String> of(JSONArray outputs, String directory, String proxy, Instant expiresAt)
            throws AbortException {
        Map<String, String> variables = new TreeMap<>();
        variables.put("MACHINE_ID_DIR", directory);
        variables.put("MACHINE_ID_BIN", directory + "/machine-id");
        variables.put("MACHINE_ID_EXPIRES_AT", expiresAt.toString());
        variables.put("TELEPORT_IDENTITY_FILE", directory + "/identity");
        if (proxy != null) {
            variables.put("TELEPORT_PROXY", proxy);
        }
        List<String> kubeconfigs = new ArrayList<>();
        boolean ssh = false;
        for (int at = 0; at < outputs.length(); at++) {
            JSONObject output = outputs.getJSONObject(at);
            String type = output.getString("type");
            String place = at == 0 ? directory : directory + "/" + type + "-" + fileWord(target(type, output));
            if (type.equals("identity") && !ssh) {
                ssh = true;
                variables.put("TELEPORT_IDENTITY_FILE", place + "/identity");
                variables.put("MACHINE_ID_SSH_CONFIG", place + "/ssh_config");
                variables.put("GIT_SSH_COMMAND", "ssh -F " + singleQuoted(place + "/ssh_config"));
            } else if (type.equals("kubernetes")) {
                kubeconfigs.add(place + "/kubeconfig.yaml");
            }
        }
        if (kubeconfigs.stream().anyMatch(file -> file.indexOf(':') >= 0)) {
            throw new AbortException(Messages.Lease_colon(directory));
        }
        if (!kubeconfigs.isEmpty()) {
            variables.put("KUBECONFIG", String.join(":", kubeconfigs));
        }
        return variables;
    }

    /** The proxy's address as it is configured; null where an auth server's is. */
    static String proxy(Cluster cluster) {
        if (cluster == null || !cluster.getAddressKind().equals("proxy")) {
            return null;
        }
        return PORT.matcher(cluster.getAddress()).find() ? cluster.getAddress() : cluster.getAddress() + ":443";
    }

    /** After what the directory of an output with variables is named. */
    private static String target(String type, JSONObject output) {
        return type.equals("kubernetes") ? LeaseRequest.kubernetes(output).get(0) : "ssh";
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
        return word + "~" + HexFormat.of().formatHex(Hashes.sha256().digest(bytes), 0, 8);
    }

    private static boolean plain(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.';
    }

    private static String singleQuoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a block of a pipeline does on an agent, without the Jenkins around it: the plugin's own agent classes unpack and
 * load the library, take a lease, run the given commands in its environment, and give the lease back.
 *
 * <p>Arguments: the agent's root, the directory for the lease, the proxy, the token's file, a CA file, a Kubernetes
 * cluster (or an empty text), then one shell command each.
 */
public final class Demo {
    private static final Pattern EXPIRY = Pattern.compile("\"expires_at\":\"([^\"]+)\"");
    private static final Pattern KUBERNETES = Pattern.compile("\"kubernetes_cluster\":\"([^\"]+)\"");

    private Demo() {}

    public static void main(String[] arguments) throws Exception {
        Path root = Path.of(arguments[0]);
        Path directory = Path.of(arguments[1]);
        String cluster = "{\"address\":" + quote(arguments[2]) + ",\"kind\":\"proxy\""
                + (arguments[4].isEmpty() ? "" : ",\"ca_pem\":" + quote(Files.readString(Path.of(arguments[4])))) + "}";
        String outputs = "[{\"type\":\"identity\"}"
                + (arguments[5].isEmpty() ? "" : ",{\"type\":\"kubernetes\",\"kubernetes_cluster\":" + quote(arguments[5]) + "}")
                + "]";

        NativeLibrary library = NativeLibrary.load(root);
        Engines engines = new Engines(library.api());
        byte[] config = ("{\"abi\":" + MachineIdNative.ABI + ",\"identities\":[{\"id\":\"demo\",\"cluster\":" + cluster
                        + ",\"join\":{\"method\":\"token\",\"token_file\":" + quote(arguments[3]) + "}}]}")
                .getBytes(StandardCharsets.UTF_8);
        Helper helper = library.helper(root);
        check(engines.open("demo", "demo", JsonMembers.paths(config, root.resolve("state").toString(), helper)));

        String lease = UUID.randomUUID().toString().replace("-", "");
        String request = "{\"lease\":" + quote(lease) + ",\"identity\":\"demo\",\"directory\":" + quote(directory.toString())
                + ",\"ttl_seconds\":1800,\"outputs\":" + outputs + "}";
        int status = 1;
        try {
            String reply = check(engines.acquire("demo", lease, request.getBytes(StandardCharsets.UTF_8)));
            Map<String, String> environment = environment(directory, outputs, reply);
            System.out.println("withMachineId {   // lease " + lease.substring(0, 8) + "…, valid until "
                    + environment.get("MACHINE_ID_EXPIRES_AT"));
            status = run(List.of(arguments).subList(6, arguments.length), environment);
        } finally {
            check(engines.release(lease, true));
            engines.closeAll();
            System.out.println("}                 // " + (Files.exists(directory) ? "the directory is still there" : "gone: " + directory));
        }
        System.exit(status);
    }

    private static int run(List<String> commands, Map<String, String> environment) throws Exception {
        for (String command : commands) {
            System.out.println("  sh '" + command + "'");
            ProcessBuilder builder = new ProcessBuilder("sh", "-c", command).inheritIO();
            builder.environment().putAll(environment);
            int status = builder.start().waitFor();
            if (status != 0) {
                return status;
            }
        }
        return 0;
    }

    private static String check(byte[] reply) {
        String text = new String(reply, StandardCharsets.UTF_8);
        if (!text.startsWith("{\"ok\"")) {
            throw new IllegalStateException(text);
        }
        return text;
    }

    /** As the controller makes them, from the directory that it chose: see contract/layout.json. */
    private static Map<String, String> environment(Path directory, String outputs, String reply) {
        Map<String, String> variables = new TreeMap<>();
        variables.put("MACHINE_ID_DIR", directory.toString());
        variables.put("MACHINE_ID_BIN", directory + "/machine-id");
        variables.put("MACHINE_ID_SSH_CONFIG", directory + "/ssh_config");
        variables.put("GIT_SSH_COMMAND", "ssh -F '" + directory + "/ssh_config'");
        variables.put("TELEPORT_IDENTITY_FILE", directory + "/identity");
        first(EXPIRY, reply).ifPresent(time -> variables.put("MACHINE_ID_EXPIRES_AT", time));
        first(KUBERNETES, outputs)
                .ifPresent(cluster -> variables.put("KUBECONFIG", directory + "/kubernetes-" + cluster + "/kubeconfig.yaml"));
        return variables;
    }

    private static Optional<String> first(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private static String quote(String text) {
        List<String> characters = new ArrayList<>();
        text.chars().forEach(c -> characters.add(
                c < 0x20 ? String.format("\\u%04x", c) : c == '"' || c == '\\' ? "\\" + (char) c : String.valueOf((char) c)));
        return "\"" + String.join("", characters) + "\"";
    }
}

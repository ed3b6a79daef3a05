// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.apicheck;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Proves the hand-written declarations and the plugin's own byte code against real Jenkins jars. */
public final class ApiCheck {
    private ApiCheck() {}

    /** Arguments: folder of the real jars (or a .war), classes of the declarations, classes of the plugin. */
    public static void main(String[] arguments) throws IOException {
        List<String> findings = run(Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]));
        findings.forEach(System.out::println);
        System.out.println(findings.size() + " findings");
        System.exit(findings.isEmpty() ? 0 : 1);
    }

    static List<String> run(Path realJars, Path declarations, Path plugin) throws IOException {
        ClassPool declared = new ClassPool();
        declared.add(declarations);
        ClassPool own = new ClassPool();
        own.add(plugin);
        // Once for all: the names are distinct, and the real ones are what the plugin meets.
        ClassPool real = new ClassPool();
        real.add(realJars);
        for (String bundled : List.of("org/json/JSONObject.class", "com/nimbusds/jose/JWSObject.class")) {
            Path jar = location(bundled);
            real.add(jar);
        }
        List<String> findings = new ArrayList<>(new DeclarationCheck(declared, real).run());
        Set<String> names = Set.copyOf(own.names());
        real.add(plugin);
        findings.addAll(new UseCheck(names, real).run());
        return findings;
    }

    private static Path location(String resource) {
        String url = ClassLoader.getSystemResource(resource).toString();
        return Path.of(java.net.URI.create(url.substring("jar:".length(), url.indexOf('!'))));
    }
}

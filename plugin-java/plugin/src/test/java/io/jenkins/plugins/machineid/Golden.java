// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What others read, too, as files of the contract. With {@code BLESS=1} in the environment they are written anew. */
public final class Golden {
    private static final Path CONTRACT = Path.of(System.getProperty("machineid.contract", "../../contract"));

    private Golden() {}

    public static boolean blessing() {
        return "1".equals(System.getenv("BLESS"));
    }

    /** @param name below {@code contract} */
    public static Path path(String name) {
        return CONTRACT.resolve(name);
    }

    /** Fails unless the file holds this text. */
    public static void assertHolds(String name, String text) throws IOException {
        if (blessing()) {
            Files.writeString(path(name), text);
        }
        String held = Files.exists(path(name)) ? Files.readString(path(name)) : "";
        assertEquals(held, text, "contract/" + name + ": run the test with BLESS=1 in the environment and commit the result");
    }
}

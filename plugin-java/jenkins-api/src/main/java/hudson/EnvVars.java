// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson;

public class EnvVars extends java.util.TreeMap<String, String> {
    public EnvVars() {}

    public String expand(String s) {
        return null;
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

/**
 * A job's full name as subjects carry it: no two jobs have the same there. A percent sign begins the code of a
 * character that would be taken for something else.
 *
 * @param folder path of the folders above it, empty at the root
 * @param name   the job's own
 */
public record JobName(String folder, String name) {
    /** In place of the folder, for jobs at the root. A folder of that name is written in code. */
    private static final String ROOT = "-";

    /** @param fullName as {@code folder/sub/name} */
    public static JobName of(String fullName) {
        int slash = fullName.lastIndexOf('/');
        return slash < 0
                ? new JobName("", fullName)
                : new JobName(fullName.substring(0, slash), fullName.substring(slash + 1));
    }

    /** What stands in for a Kubernetes namespace: the folder. */
    public String namespace() {
        if (folder.isEmpty()) {
            return ROOT;
        }
        return folder.equals(ROOT) ? "%2D" : escaped(folder);
    }

    /** What stands in for the name of a service account: the job's own name. */
    public String account() {
        return escaped(name).replace("/", "%2F");
    }

    /**
     * {@code NAMESPACE:ACCOUNT@IDENTITY}: a rule's {@code service_account} that holds for this job and identity alone.
     *
     * @param identity its name: the last such sign is where it begins, since one in a folder's name is written in code
     */
    public String serviceAccount(String identity) {
        return namespace() + ":" + account() + "@" + escaped(identity).replace("@", "%40");
    }

    /** {@code folder/name} without colons. */
    public String path() {
        return folder.isEmpty() ? account() : escaped(folder) + "/" + account();
    }

    /** Half of a surrogate pair would become a question mark, as each other one. */
    private static String escaped(String text) {
        StringBuilder into = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (c == '%' || c == ':') {
                into.append('%').append(Integer.toHexString(c).toUpperCase(java.util.Locale.ROOT));
            } else if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                into.append("%u").append(Integer.toHexString(c).toUpperCase(java.util.Locale.ROOT));
            } else {
                into.appendCodePoint(c);
            }
        });
        return into.toString();
    }
}

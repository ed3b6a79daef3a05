// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import java.util.regex.Pattern;

/**
 * A pattern over a job's full name: {@code *} stands for anything within one folder level, {@code **} for any number
 * of levels. {@code team-a/**} takes everything below the folder, not the folder's own name.
 */
public final class JobPattern {
    private final Pattern pattern;

    public JobPattern(String text) {
        StringBuilder regex = new StringBuilder();
        int from = 0;
        while (from < text.length()) {
            int star = text.indexOf('*', from);
            int end = star < 0 ? text.length() : star;
            if (end > from) {
                regex.append(Pattern.quote(text.substring(from, end)));
            }
            if (star < 0) {
                break;
            }
            int last = star;
            while (last < text.length() && text.charAt(last) == '*') {
                last++;
            }
            boolean across = last - star > 1;
            // "**/x" also takes "x": no level at all is any number of levels.
            if (across && (star == 0 || text.charAt(star - 1) == '/') && last < text.length()
                    && text.charAt(last) == '/') {
                regex.append("(?:.*/)?");
                last++;
            } else {
                regex.append(across ? ".*" : "[^/]*");
            }
            from = last;
        }
        this.pattern = Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    public boolean matches(String jobFullName) {
        return pattern.matcher(jobFullName).matches();
    }
}

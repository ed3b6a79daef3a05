// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import io.jenkins.plugins.machineid.issuer.JobName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A pattern of job names, as the policy reads it, in the languages that clusters know. */
final class JobPattern {
    private static final String ANY_LEVELS = "**/";
    private static final int MOST_VARIANTS = 16;

    private final String text;

    JobPattern(String text) {
        // More than two stars say what two say.
        this.text = text.replaceAll("\\*{3,}", "**");
    }

    /** The name of one job. */
    boolean isName() {
        return text.indexOf('*') < 0;
    }

    /** For the whole name, as RE2 and Java read it. */
    String regexp() {
        StringBuilder out = new StringBuilder("^");
        int at = 0;
        while (at < text.length()) {
            if (levels(text, at)) {
                out.append("(?:.*/)?");
                at += ANY_LEVELS.length();
            } else if (text.startsWith("**", at)) {
                out.append(".*");
                at += 2;
            } else {
                char c = text.charAt(at++);
                out.append(c == '*' ? "[^/]*" : "\\.+?()|[]{}^$".indexOf(c) < 0 ? String.valueOf(c) : "\\" + c);
            }
        }
        return out.append('$').toString();
    }

    /**
     * Rules of GitLab tokens. There a star also stands for slashes, and a question mark for any character.
     *
     * @return none where no rule would hold for these jobs alone or a few more
     */
    List<Map<String, Object>> gitlab() {
        List<String> variants = new ArrayList<>();
        variants(text, 0, variants);
        if (text.indexOf('?') >= 0 || variants.size() > MOST_VARIANTS) {
            return List.of();
        }
        return variants.stream().map(JobPattern::rule).toList();
    }

    /** The rules of {@link #gitlab} also hold for jobs that the policy doesn't name. */
    boolean widerInGitlab() {
        List<String> variants = new ArrayList<>();
        variants(text, 0, variants);
        return variants.stream().anyMatch(variant -> hasSingle(variant) && !isExact(variant));
    }

    private static Map<String, Object> rule(String variant) {
        JobName name = JobName.of(variant);
        Map<String, Object> rule = new LinkedHashMap<>();
        rule.put("project_path", name.path().replace("**", "*"));
        if (hasSingle(variant) && isExact(variant)) {
            rule.put("namespace_path", name.namespace());
        }
        return rule;
    }

    /** Stars of one level stand in the last level alone: the folder, which is named beside it, keeps them there. */
    private static boolean isExact(String variant) {
        JobName name = JobName.of(variant);
        return name.folder().indexOf('*') < 0 && !name.name().contains("**");
    }

    private static boolean hasSingle(String variant) {
        return variant.replace("**", "").indexOf('*') >= 0;
    }

    /** Any levels may be none: then the slash is gone, too. */
    private static void variants(String text, int from, List<String> into) {
        int at = from;
        while (at < text.length() && !levels(text, at)) {
            at++;
        }
        if (at == text.length() || into.size() > MOST_VARIANTS) {
            into.add(text);
            return;
        }
        variants(text.substring(0, at) + text.substring(at + ANY_LEVELS.length()), at, into);
        variants(text, at + ANY_LEVELS.length(), into);
    }

    private static boolean levels(String text, int at) {
        return text.startsWith(ANY_LEVELS, at) && (at == 0 || text.charAt(at - 1) == '/');
    }

    @Override
    public String toString() {
        return text;
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** So much of HCL 2 as {@link Hcl} writes, strictly: a template in a string, or anything behind a block, is an error. */
final class HclReader {
    private final String text;
    private int at;

    private HclReader(String text) {
        this.text = text;
    }

    static Map<String, Object> block(String text, String type, String label) {
        HclReader reader = new HclReader(text);
        reader.word("resource");
        equal(type, reader.string());
        equal(label, reader.string());
        reader.word("{");
        Map<String, Object> body = reader.members();
        reader.blank();
        equal(text.length(), reader.at);
        return body;
    }

    private static void equal(Object expected, Object found) {
        if (!expected.equals(found)) {
            throw new IllegalStateException("expected " + expected + ", found " + found);
        }
    }

    private void blank() {
        while (at < text.length() && (" \n".indexOf(text.charAt(at)) >= 0 || text.charAt(at) == '#')) {
            at = text.charAt(at) == '#' ? text.indexOf('\n', at) : at + 1;
        }
    }

    private boolean found(String word) {
        blank();
        boolean found = text.startsWith(word, at);
        at += found ? word.length() : 0;
        return found;
    }

    private void word(String word) {
        if (!found(word)) {
            throw new IllegalStateException("no " + word + " at " + text.substring(at));
        }
    }

    private Map<String, Object> members() {
        Map<String, Object> map = new LinkedHashMap<>();
        while (!found("}")) {
            String key;
            if (text.charAt(at) == '"') {
                key = string();
            } else {
                int first = at;
                while (Character.isLetterOrDigit(text.charAt(at)) || "_-".indexOf(text.charAt(at)) >= 0) {
                    at++;
                }
                key = text.substring(first, at);
            }
            word("=");
            map.put(key, value());
        }
        return map;
    }

    private Object value() {
        if (found("{")) {
            return members();
        }
        if (!found("[")) {
            return string();
        }
        List<Object> list = new ArrayList<>();
        while (!found("]")) {
            list.add(value());
            word(",");
        }
        return list;
    }

    private String string() {
        word("\"");
        StringBuilder out = new StringBuilder();
        while (text.charAt(at) != '"') {
            char c = text.charAt(at++);
            if (c == '\n') {
                throw new IllegalStateException("a line ends in a string");
            } else if (c == '\\') {
                escape(out);
            } else if ((c == '$' || c == '%') && text.startsWith(c + "{", at)) {
                out.append(c).append('{');
                at += 2;
            } else if ((c == '$' || c == '%') && text.charAt(at) == '{') {
                throw new IllegalStateException("a template in a string");
            } else {
                out.append(c);
            }
        }
        at++;
        return out.toString();
    }

    private void escape(StringBuilder out) {
        char kind = text.charAt(at++);
        int digits = kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
        if (digits == 0) {
            equal(true, kind == '"' || kind == '\\');
            out.append(kind);
        } else {
            out.appendCodePoint(Integer.parseInt(text.substring(at, at + digits), 16));
            at += digits;
        }
    }
}

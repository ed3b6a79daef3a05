// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONObject;

/** What of a text finds room in an event: agents choose some of them, and a line of the log has about 4 kB. */
final class EventText {
    private EventText() {}

    /** The job, its address and the agent are whole: this controller knows them, and events are found by them. */
    static String cut(AuditField field, String text) {
        return switch (field) {
            case JOB, URL, AGENT -> text;
            case SENTENCE, VIOLATION -> cut(text, RecordLimits.SENTENCE);
            default -> cut(text, RecordLimits.EVENT_TEXT);
        };
    }

    /** The first entries, as many as there is room for. */
    static List<String> cut(List<?> entries) {
        List<String> kept = new ArrayList<>();
        int size = 0;
        for (Object entry : entries) {
            String text = cut(String.valueOf(entry), RecordLimits.EVENT_TEXT);
            size += size(text);
            if (kept.size() == RecordLimits.EVENT_ITEMS || size > RecordLimits.EVENT_LIST) {
                break;
            }
            kept.add(text);
        }
        return List.copyOf(kept);
    }

    private static String cut(String text, int most) {
        // A character takes a byte at least: what is far too long needn't be counted.
        String begin = text.length() > most ? text.substring(0, most) : text;
        if (begin.length() == text.length() && size(text) <= most) {
            return text;
        }
        StringBuilder kept = new StringBuilder();
        int size = size("…");
        for (int c : begin.codePoints().toArray()) {
            String character = Character.toString(c);
            size += size(character);
            if (size > most) {
                break;
            }
            kept.append(character);
        }
        return kept.append('…').toString();
    }

    /** Bytes as JSON, without the quotes. */
    private static int size(String text) {
        return JSONObject.quote(text).getBytes(StandardCharsets.UTF_8).length - 2;
    }
}

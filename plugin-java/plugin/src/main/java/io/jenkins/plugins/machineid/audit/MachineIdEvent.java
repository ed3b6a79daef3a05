// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.json.JSONStringer;

/** Something that happened with a build's machine identity. Public facts only; never changed. */
public final class MachineIdEvent {
    /** What happened. */
    public enum Type {
        /** This controller signed a statement with which a lease can join: the first time, or to be renewed. */
        SIGNED,
        /** An agent reported a certificate, the first for its purpose in the lease. */
        ISSUED,
        /** An agent reported one that takes the place of another. */
        RENEWED,
        /** A lease was given back. */
        RELEASED,
        /** The policy refused a wish. */
        REFUSED,
        /** Events are missing: as many before this one, only in the log; or the further certificates of a lease. */
        LOST;

        /** As it is written. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Always as long: lines of one kind stand below each other. */
    private static final DateTimeFormatter TIMES =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final Type type;
    private final Instant time;
    private final Map<AuditField, Object> facts;

    /** @param facts texts, numbers and lists of texts; those that are null are left out */
    MachineIdEvent(Type type, Map<AuditField, Object> facts) {
        this.type = type;
        this.time = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        EnumMap<AuditField, Object> kept = new EnumMap<>(AuditField.class);
        kept.put(AuditField.TIME, TIMES.format(time));
        kept.put(AuditField.EVENT, type.word());
        int[] leftOut = new int[1];
        facts.forEach((field, value) -> {
            if (value instanceof List<?> list) {
                List<String> cut = EventText.cut(list);
                leftOut[0] += list.size() - cut.size();
                kept.put(field, cut);
            } else if (value != null) {
                kept.put(field, value instanceof String text ? EventText.cut(field, text) : value);
            }
        });
        if (leftOut[0] > 0) {
            kept.put(AuditField.LEFT_OUT, leftOut[0]);
        }
        this.facts = Collections.unmodifiableMap(kept);
    }

    public Type type() {
        return type;
    }

    public Instant time() {
        return time;
    }

    /** All that is known: texts, numbers and lists of texts. */
    public Map<AuditField, Object> facts() {
        return facts;
    }

    /** Empty when it isn't known, or isn't a text. */
    public String text(AuditField field) {
        return facts.get(field) instanceof String text ? text : "";
    }

    /** One line of JSON, the fields in their order. */
    public String json() {
        return json(facts);
    }

    static String json(Map<AuditField, Object> facts) {
        JSONStringer text = new JSONStringer();
        text.object();
        facts.forEach((field, value) -> {
            text.key(field.word());
            if (value instanceof Collection<?> list) {
                text.array();
                list.forEach(text::value);
                text.endArray();
            } else {
                text.value(value);
            }
        });
        return text.endObject().toString();
    }
}

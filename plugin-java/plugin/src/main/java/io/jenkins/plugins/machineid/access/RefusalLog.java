// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Tells the administrator's log what a job isn't told. Jobs can be refused as often as they like: the same line comes
 * once an hour, and only so many lines a minute.
 */
public final class RefusalLog implements Consumer<Refusal> {
    static final int LINES_A_MINUTE = 60;
    private static final int MAX_LENGTH = 1000;
    private static final int REMEMBERED = 1000;
    private static final long MINUTE_NANOS = 60_000_000_000L;

    private final Consumer<String> sink;
    private final LongSupplier nanos;
    private final Map<String, Long> said = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > REMEMBERED;
        }
    };
    private long minute;
    private int lines;
    private long dropped;

    /** @param nanos a clock that only goes forward */
    public RefusalLog(Consumer<String> sink, LongSupplier nanos) {
        this.sink = sink;
        this.nanos = nanos;
        this.minute = nanos.getAsLong();
    }

    @Override
    public void accept(Refusal refusal) {
        String line = line(refusal);
        long now = nanos.getAsLong();
        long left;
        synchronized (this) {
            left = nextMinute(now);
            Long before = said.get(line);
            boolean again = before != null && now - before < 60 * MINUTE_NANOS;
            if (again || lines >= LINES_A_MINUTE) {
                dropped += again ? 0 : 1;
                line = null;
            } else {
                said.put(line, now);
                lines++;
            }
        }
        if (left > 0) {
            sink.accept(left + " more refusals were not logged");
        }
        if (line != null) {
            sink.accept(line);
        }
    }

    /** How many lines of the minute that ended were dropped. */
    private long nextMinute(long now) {
        if (now - minute < MINUTE_NANOS) {
            return 0;
        }
        long left = dropped;
        minute = now;
        lines = 0;
        dropped = 0;
        return left;
    }

    /** One line of printable text: parts of it were chosen by a job. */
    private static String line(Refusal refusal) {
        String text = refusal.getMessage() + (refusal.detail().isEmpty() ? "" : "; " + refusal.detail());
        String line = text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}\\s]+", " ");
        return line.length() > MAX_LENGTH ? line.substring(0, MAX_LENGTH) + "…" : line;
    }
}

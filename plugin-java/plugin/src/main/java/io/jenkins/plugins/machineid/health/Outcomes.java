// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.lease.Tried;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import jenkins.model.Jenkins;
import org.kohsuke.stapler.HttpRedirect;

/**
 * What came of actions, for the page that is shown afterwards: the answer to the action leads there, so that a reload shows the
 * same once more and does nothing. In memory, for a few minutes, and for whoever has acted.
 */
final class Outcomes {
    private static final Duration KEPT = Duration.ofMinutes(5);
    private static final int MOST = 200;
    private static final SecureRandom RANDOM = new SecureRandom();
    /** The part of an address that a page of ours makes: {@link Query#link}. */
    private static final Pattern BACK = Pattern.compile("\\?[A-Za-z0-9%&=._*+-]{0,2000}");

    private static final Outcomes INSTANCE = new Outcomes(System::nanoTime);

    private record Outcome(Tried tried, String user, long nanos) {}

    private final Map<String, Outcome> byId = new LinkedHashMap<>();
    private final LongSupplier nanos;

    Outcomes(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /**
     * The answer to an action.
     *
     * @param back what the page was asked for before, or anything else
     */
    static HttpRedirect shown(Tried tried, String back) {
        return new HttpRedirect(INSTANCE.address(tried, user(), Texts.orEmpty(back)));
    }

    /** @param id of the page's address, or anything else; null: there is none that the present user may see */
    static Tried of(String id) {
        return INSTANCE.get(id, user());
    }

    private static String user() {
        return Jenkins.getAuthentication2().getName();
    }

    String address(Tried tried, String user, String back) {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        String id = HexFormat.of().formatHex(bytes);
        synchronized (this) {
            clean();
            byId.put(id, new Outcome(tried, user, nanos.getAsLong()));
        }
        return "." + (BACK.matcher(back).matches() ? back + "&" : "?") + "tried=" + id;
    }

    synchronized Tried get(String id, String user) {
        clean();
        Outcome outcome = byId.get(Texts.orEmpty(id));
        return outcome != null && outcome.user().equals(user) ? outcome.tried() : null;
    }

    private void clean() {
        Iterator<Outcome> oldest = byId.values().iterator();
        while (oldest.hasNext()) {
            boolean isOver = nanos.getAsLong() - oldest.next().nanos() > KEPT.toNanos();
            if (!isOver && byId.size() < MOST) {
                return;
            }
            oldest.remove();
        }
    }
}

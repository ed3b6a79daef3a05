// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import io.jenkins.plugins.machineid.issuer.KeyState;
import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import io.jenkins.plugins.machineid.report.Condition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Facts as tests need them. */
public final class Known {
    public static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

    private Known() {}

    /** All is well. */
    public static Facts.Member well(String agent) {
        return new Facts.Member(
                agent, "api", Condition.READY, "", "", null, NOW.plus(Duration.ofMinutes(50)), NOW.plus(Duration.ofMinutes(20)), "main", NOW, false);
    }

    public static Facts.Member failing(String agent, Condition condition, String code, String error, Duration since) {
        Facts.Member well = well(agent);
        return new Facts.Member(
                agent, "api", condition, code, error, NOW.minus(since), well.expires(), well.renews(), "main", NOW, false);
    }

    static Facts.Member expiring(String agent, Duration left, Duration overdue) {
        return new Facts.Member(agent, "api", Condition.READY, "", "", null, NOW.plus(left), NOW.minus(overdue), "main", NOW, false);
    }

    static Facts.Member subset(String agent) {
        Facts.Member well = well(agent);
        return new Facts.Member(agent, "api", Condition.READY, "", "", null, well.expires(), well.renews(), "main", NOW, true);
    }

    public static Facts members(Facts.Member... members) {
        return new Facts(List.of(members), List.of(), List.of(), null, List.of());
    }

    static Facts cluster(String version, Instant authorityExpires, Facts.Member... members) {
        Facts.Server server = new Facts.Server("main", TeleportVersion.parse(version).orElse(null), authorityExpires, "a1");
        return new Facts(List.of(members), List.of(server), List.of(), null, List.of());
    }

    static Facts platforms(Facts.Platform... platforms) {
        return new Facts(List.of(), List.of(), List.of(platforms), null, List.of());
    }

    static Facts keys(String next, String announced, Instant due, String... holders) {
        KeyState keys = new KeyState("now", NOW, next, "", null, due, "", announced);
        return new Facts(List.of(), List.of(), List.of(), keys, List.of(holders));
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.model.FakeRun;
import io.jenkins.plugins.machineid.Reported;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.access.Policy;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.access.Wish;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.json.JSONArray;
import org.json.JSONObject;

/** What builds have done. */
final class Records {
    static final String STATEMENT = "0f4ad1f0-6c5c-4c1e-9d1e-0f6d1b0f8a11";

    private Records() {}

    static Allowance allowance(String lease, String identity, String agent) {
        return new Allowance(lease, identity, agent, List.of("api-workers"), 1800, Set.of("identity "));
    }

    static Allowance allowance(String lease) {
        return allowance(lease, "api", "worker-1");
    }

    static JSONObject certificate(String serial) {
        return Reported.certificate().put("serial", serial);
    }

    static List<Reply> reported(JSONObject... certificates) throws NativeFailure {
        JSONObject content = new JSONObject().put("certificates", new JSONArray(List.of(certificates)));
        return Reply.read(new JSONObject().put("ok", content).toString().getBytes(StandardCharsets.UTF_8)).objects("certificates");
    }

    /** Of a job that may have nothing. */
    static Refusal refusal() {
        NodeFacts node = new NodeFacts("worker-1", "worker-1", false, true, label -> false, false, false, List.of(), "");
        try {
            new Policy(Map.of(), unused -> {}).decide(new Wish("team-a/app", "api", List.of(), 0), node);
        } catch (Refusal refusal) {
            return refusal;
        }
        throw new AssertionError("granted");
    }

    /** A build with one of everything: a lease that was renewed and given back, and a refusal. */
    static FakeRun build() throws NativeFailure {
        FakeRun run = new FakeRun("team-a/app", "team-a/app#42");
        run.number = 42;
        MachineIdAction record = MachineIdAction.of(run);
        Allowance allowed = allowance("l1");
        record.grant(allowed, "team-a/app");
        record.signed(allowed, STATEMENT);
        JSONObject first = certificate("1");
        record.record(allowed, reported(first), 0);
        JSONObject forged = certificate("2").put("roles", new JSONArray(List.of("admin")));
        record.record(allowed, reported(first, forged), 0);
        record.released(allowed, "removed");
        record.refuse(refusal(), "worker-1", "api");
        return run;
    }
}

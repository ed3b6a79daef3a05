// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Shell;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The resources that an identity needs in its cluster. */
final class Resources {
    /** Keys that are given, where Teleport could also fetch them. */
    private static final String GIVEN = "static_jwks";

    /**
     * Without effect beside given keys. A cluster too old for those leaves them out and asks this domain (RFC 2606):
     * unless there is one, it is gitlab.com, where anybody may have a project of the job's name.
     */
    private static final String NOWHERE = "jenkins.invalid";

    private Resources() {}

    /** A beginning for each role: to be made only where there is none. */
    static List<Resource> roles(Plan plan) {
        return plan.botRoles().stream().map(name -> role(plan, name)).toList();
    }

    private static Resource role(Plan plan, String name) {
        List<String> notes = new ArrayList<>(List.of(Messages.Setup_role("machine-id-role", name)));
        if (!plan.folder().isEmpty()) {
            notes.add(Messages.Setup_folderBot(plan.folder()));
        }
        Map<String, Object> allow = Trees.map(
                "logins", List.of("jenkins"), "node_labels", Map.of("machine-id-role", List.of(name)));
        return new Resource("role", "v5", name, Map.of("allow", allow), notes);
    }

    /** They may be made anew as often as something changes. The token first: old clusters stop at the bot. */
    static List<Resource> tokenAndBot(Plan plan) {
        List<Resource> resources = new ArrayList<>();
        if (!plan.token().isEmpty()) {
            resources.add(token(plan));
        }
        resources.add(bot(plan));
        return resources;
    }

    private static Resource bot(Plan plan) {
        List<String> notes = new ArrayList<>();
        if (!plan.folder().isEmpty()) {
            notes.add(Messages.Setup_folderBot(plan.folder()));
        }
        if (plan.roles().isEmpty()) {
            notes.add(Messages.Setup_anyRole(plan.bot()));
        }
        if (plan.maybeBefore(15, 0)) {
            notes.add(Messages.Setup_bot());
        }
        notes.add(Messages.Setup_botTerraform());
        return new Resource("bot", "v1", plan.bot(), Map.of("roles", plan.botRoles()), notes);
    }

    private static Resource token(Plan plan) {
        Map<String, Object> spec = new LinkedHashMap<>();
        spec.put("roles", List.of("Bot"));
        spec.put("bot_name", plan.bot());
        List<String> notes = new ArrayList<>();
        if (!plan.folder().isEmpty() && !plan.token().equals(plan.bot())) {
            notes.add(Messages.Setup_folderToken(plan.folder(), plan.token(), Shell.word(plan.token())));
        }
        if (plan.signed() == null) {
            spec.put("join_method", plan.method());
            spec.putAll(MethodRules.of(plan.method()));
            notes.add(Messages.Setup_change(MethodRules.CHANGE));
        } else {
            signed(plan, spec, notes);
        }
        return new Resource("token", "v2", plan.token(), spec, notes);
    }

    private static void signed(Plan plan, Map<String, Object> spec, List<String> notes) {
        Plan.Signed signed = plan.signed();
        StatementForm form = signed.form();
        AllowRules rules = signed.rules();
        notes.add(Messages.Setup_since(form.method(), form.since()));
        if (plan.seen() != null) {
            notes.add(form.isTakenBy(plan.seen())
                    ? Messages.Setup_takes(plan.seen())
                    : Messages.Setup_takesNot(plan.seen()));
        }
        notes.addAll(rules.notes());
        spec.put("join_method", form.method());
        spec.put(
                form.method(),
                switch (form) {
                    case KUBERNETES -> Trees.map(
                            "type", GIVEN,
                            GIVEN, Map.of("jwks", signed.jwks()),
                            "allow", rules.allow());
                    case GITLAB -> Trees.map(
                            "domain", NOWHERE,
                            GIVEN, signed.jwks(),
                            "allow", rules.allow());
                    case GENERIC_OIDC -> Trees.map(
                            "issuer", signed.issuer(),
                            "audience", signed.audience(),
                            GIVEN, signed.jwks(),
                            "allow_any", rules.allow());
                });
    }
}

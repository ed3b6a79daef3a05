// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jenkins.plugins.machineid.Golden;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Set;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Statements as they are signed, but for their times and number, for {@code tests/teleport} to join with. */
class StatementContractTest {
    @TempDir
    Path home;

    private static JSONObject part(String statement, int number) {
        byte[] json = Base64.getUrlDecoder().decode(statement.split("\\.")[number]);
        return new JSONObject(new String(json, StandardCharsets.UTF_8));
    }

    @Test
    void what_is_signed_is_what_a_real_cluster_is_shown() throws IOException {
        SigningKeys keys = GivenKeys.after(0, home);
        JSONObject all = new JSONObject();
        for (StatementForm form : StatementForm.values()) {
            // The identity of contract/setup/signed-FORM.yaml, which allows this job.
            String identity = "signed-" + form.method().replace('_', '-');
            String statement = new String(
                    Statements.sign(keys, new Moment(), form, StatementFormTest.FACTS, identity, "example.test").token(),
                    StandardCharsets.US_ASCII);
            JSONObject claims = part(statement, 1);
            for (String name : Set.of("iat", "nbf", "exp", "jti")) {
                claims.remove(name);
            }
            all.put(identity, new JSONObject().put("header", part(statement, 0)).put("claims", claims));
        }
        assertEquals("team/app/deploy", StatementFormTest.FACTS.job());
        Golden.assertHolds("setup/statements.json", all.toString(2) + "\n");
    }
}

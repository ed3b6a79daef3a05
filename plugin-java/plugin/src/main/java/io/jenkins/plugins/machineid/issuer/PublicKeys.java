// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.Extension;
import hudson.model.UnprotectedRootAction;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.json.JSONObject;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.StaplerResponse2;

/** The two documents that a cluster fetches without a login: the public keys, and where they are. Nothing else is here. */
@Extension
public class PublicKeys implements UnprotectedRootAction {
    private static final Logger LOGGER = Logger.getLogger(PublicKeys.class.getName());

    @Override
    public String getIconFileName() {
        return null;
    }

    @Override
    public String getDisplayName() {
        return null;
    }

    @Override
    public String getUrlName() {
        return IssuerAddress.PATH;
    }

    /** Each request below the address; that Stapler calls it for any verb is why it looks itself. */
    public void doDynamic(StaplerRequest2 req, StaplerResponse2 rsp) throws IOException {
        String path = req.getRestOfPath();
        if (!List.of(IssuerAddress.KEYS, IssuerAddress.DISCOVERY).contains(path)) {
            rsp.sendError(HttpServletResponse.SC_NOT_FOUND);
            return;
        }
        if (!"GET".equals(req.getMethod())) {
            rsp.setHeader("Allow", "GET");
            rsp.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
            return;
        }
        byte[] body;
        try {
            String text = path.equals(IssuerAddress.KEYS) ? SigningKeys.get().publicJwks() : discovery();
            body = text.getBytes(StandardCharsets.UTF_8);
        } catch (IssuerFailure e) {
            // A stranger isn't told which file is damaged, and doesn't fill the log: the schedule says it each hour.
            LOGGER.log(Level.FINE, e.getMessage());
            rsp.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
            return;
        }
        rsp.setContentType("application/json");
        rsp.setHeader("Cache-Control", "public, max-age=300");
        rsp.setContentLength(body.length);
        rsp.getOutputStream().write(body);
    }

    /** OpenID Connect Discovery 1.0, section 3. There is nothing to log in at, so no endpoint for that. */
    private static String discovery() {
        return new JSONObject()
                .put("issuer", IssuerAddress.issuer())
                .put("jwks_uri", IssuerAddress.keys())
                .put("response_types_supported", List.of("id_token"))
                .put("subject_types_supported", List.of("public"))
                .put("id_token_signing_alg_values_supported", List.of("RS256"))
                .toString();
    }
}

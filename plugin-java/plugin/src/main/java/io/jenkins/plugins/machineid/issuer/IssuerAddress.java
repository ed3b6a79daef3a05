// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Texts;
import jenkins.model.Jenkins;

/** The addresses by which clusters know this controller. */
public final class IssuerAddress {
    static final String PATH = "machine-id-issuer";
    static final String KEYS = "/jwks";
    static final String DISCOVERY = "/.well-known/openid-configuration";

    private IssuerAddress() {}

    /** Of Jenkins itself, without a slash at its end; empty when none is configured. */
    public static String controller() {
        return Texts.orEmpty(Jenkins.get().getRootUrl()).trim().replaceAll("/+$", "");
    }

    /**
     * What stands in a statement's {@code iss}.
     *
     * @throws IssuerFailure when Jenkins has no address
     */
    public static String issuer() {
        String controller = controller();
        if (controller.isEmpty()) {
            throw new IssuerFailure(Messages.Issuer_address());
        }
        return controller + "/" + PATH;
    }

    /**
     * Where the public keys are served.
     *
     * @throws IssuerFailure when Jenkins has no address
     */
    public static String keys() {
        return issuer() + KEYS;
    }
}

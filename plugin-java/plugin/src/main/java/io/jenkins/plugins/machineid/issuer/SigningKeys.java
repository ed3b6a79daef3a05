// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.Extension;
import hudson.ExtensionList;

/** The keys of this controller: made on first use, kept by Jenkins' own secret store. */
@Extension
public class SigningKeys {
    public static SigningKeys get() {
        return ExtensionList.lookupSingleton(SigningKeys.class);
    }

    /**
     * The public keys, as one line of JSON; made if there are none yet.
     *
     * @throws IllegalStateException with a sentence for people: the keys can't be read
     */
    public String jwks() {
        throw new UnsupportedOperationException("soon");
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.ExtensionList;
import hudson.ExtensionPoint;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.Optional;

/** Who else uses a token resource, as it is configured: of two identities the cluster would have one bot alone. */
public abstract class TokenUse implements ExtensionPoint {
    /**
     * @param cluster its name; there may be none of that name
     * @param id of the identity that asks
     * @param token name of the resource
     * @return why that can't be, as a sentence; empty: nobody else does
     */
    protected abstract Optional<String> other(String cluster, String id, String token);

    static Optional<String> taken(String cluster, String id, String token) {
        return ExtensionList.lookupSingleton(TokenUse.class)
                .other(Texts.orEmpty(cluster).trim(), Texts.orEmpty(id).trim(), Texts.orEmpty(token).trim());
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.lease.OnDemand;
import io.jenkins.plugins.machineid.lease.Tried;

/**
 * What an action is about: an identity on an agent.
 *
 * @param node name of the node; empty: the built-in one
 */
record Actions(String identity, String node) {
    /** @param key {@link Row#getKey()}; anything else is about no identity */
    static Actions on(String key) {
        String text = Texts.orEmpty(key);
        int slash = text.indexOf('/');
        return slash < 0 ? new Actions("", text) : new Actions(text.substring(0, slash), text.substring(slash + 1));
    }

    Tried renew() {
        return OnDemand.renew(node, identity);
    }

    Tried test() {
        return OnDemand.test(node, identity);
    }

    Tried drop() {
        return OnDemand.drop(node, identity);
    }

    /** What dropping it means, before it is done. */
    String meaning() {
        Identity known = OnDemand.identity(identity).orElse(null);
        if (known == null) {
            return Messages.Check_identityUnknown(identity);
        }
        return switch (known.getJoin().method()) {
            case "token" -> Messages.Drop_token();
            case "bound_keypair" -> Messages.Drop_boundKeypair();
            default -> Messages.Drop_again(known.getJoin().method());
        };
    }
}

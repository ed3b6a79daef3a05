// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.security;

import org.springframework.security.core.Authentication;

/** In place of the declared class: remembers on whose behalf a thread acts. */
public abstract class ACL {
    public static final Authentication SYSTEM2 = () -> "SYSTEM";
    private static final ThreadLocal<Authentication> CURRENT = new ThreadLocal<>();

    public static Authentication current() {
        return CURRENT.get();
    }

    public static ACLContext as2(Authentication auth) {
        Authentication before = CURRENT.get();
        CURRENT.set(auth);
        return new ACLContext() {
            @Override
            public void close() {
                CURRENT.set(before);
            }
        };
    }
}

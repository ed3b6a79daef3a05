// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.scm.api;

/** In place of the declared class, whose constant is null. */
public abstract class SCMHeadOrigin implements java.io.Serializable {
    public static final Default DEFAULT = new Default();

    public static final class Default extends SCMHeadOrigin {
        Default() {}
    }
}

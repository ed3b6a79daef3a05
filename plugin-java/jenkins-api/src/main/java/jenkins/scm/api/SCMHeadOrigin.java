// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.scm.api;

public abstract class SCMHeadOrigin implements java.io.Serializable {
    public static final Default DEFAULT = null;

    public SCMHeadOrigin() {}

    @Override
    public abstract boolean equals(Object o);

    @Override
    public abstract int hashCode();

    @Override
    public abstract String toString();

    public static final class Default extends SCMHeadOrigin {
        Default() {}

        @Override
        public boolean equals(Object o) {
            return false;
        }

        @Override
        public int hashCode() {
            return 0;
        }

        @Override
        public String toString() {
            return null;
        }
    }
}

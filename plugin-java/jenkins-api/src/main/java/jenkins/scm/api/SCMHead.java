// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.scm.api;

import hudson.model.Item;

public class SCMHead implements jenkins.scm.api.mixin.SCMHeadMixin {
    public SCMHead(String name) {}

    @Override
    public String getName() {
        return null;
    }

    @Override
    public SCMHeadOrigin getOrigin() {
        return null;
    }

    public abstract static class HeadByItem implements hudson.ExtensionPoint {
        public HeadByItem() {}

        public abstract SCMHead getHead(Item item);

        public static SCMHead findHead(Item item) {
            return null;
        }
    }
}

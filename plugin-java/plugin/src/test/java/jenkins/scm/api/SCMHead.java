// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.scm.api;

import hudson.model.Item;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** In place of the declared class: tests say which job is of which branch. */
public class SCMHead implements jenkins.scm.api.mixin.SCMHeadMixin {
    private final String name;

    public SCMHead(String name) {
        this.name = name;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public SCMHeadOrigin getOrigin() {
        return SCMHeadOrigin.DEFAULT;
    }

    public abstract static class HeadByItem {
        public static final Map<Item, SCMHead> HEADS = new ConcurrentHashMap<>();
        public static volatile RuntimeException failure;

        public static SCMHead findHead(Item item) {
            if (failure != null) {
                throw failure;
            }
            return HEADS.get(item);
        }
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import jenkins.scm.api.SCMHead;
import jenkins.scm.api.SCMHeadOrigin;
import jenkins.scm.api.mixin.ChangeRequestSCMHead;

/** The head of a change request that comes from somewhere. */
public final class ChangeRequestHead extends SCMHead implements ChangeRequestSCMHead {
    private final SCMHeadOrigin origin;

    public ChangeRequestHead(String name, SCMHeadOrigin origin) {
        super(name);
        this.origin = origin;
    }

    @Override
    public String getId() {
        return "7";
    }

    @Override
    public SCMHead getTarget() {
        return new SCMHead("main");
    }

    @Override
    public SCMHeadOrigin getOrigin() {
        return origin;
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.scm.api.mixin;

import jenkins.scm.api.SCMHeadOrigin;

public interface SCMHeadMixin {
    String getName();

    SCMHeadOrigin getOrigin();
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.scm.api.mixin;

public interface TagSCMHead {
    long getTimestamp();
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.jenkinsci.remoting;

public abstract class RoleChecker {
    public RoleChecker() {}
}

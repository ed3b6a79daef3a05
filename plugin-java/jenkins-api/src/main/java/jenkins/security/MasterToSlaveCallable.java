// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.security;

public abstract class MasterToSlaveCallable<V, T extends Throwable> implements hudson.remoting.Callable<V, T> {
    public MasterToSlaveCallable() {}

    @Override
    public void checkRoles(org.jenkinsci.remoting.RoleChecker checker) throws SecurityException {}
}

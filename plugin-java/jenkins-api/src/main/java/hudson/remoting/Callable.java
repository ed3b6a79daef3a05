// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.remoting;

public interface Callable<V, T extends Throwable>
        extends java.io.Serializable, org.jenkinsci.remoting.RoleSensitive {
    V call() throws T;
}

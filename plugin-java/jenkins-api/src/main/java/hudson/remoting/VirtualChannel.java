// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.remoting;

public interface VirtualChannel {
    <V, T extends Throwable> V call(Callable<V, T> callable) throws java.io.IOException, T, InterruptedException;

    <V, T extends Throwable> Future<V> callAsync(Callable<V, T> callable) throws java.io.IOException;
}

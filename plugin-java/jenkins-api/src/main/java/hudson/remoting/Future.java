// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.remoting;

public interface Future<V> extends java.util.concurrent.Future<V> {}

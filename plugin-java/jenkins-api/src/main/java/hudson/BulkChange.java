// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson;

import hudson.model.Saveable;

public class BulkChange implements java.io.Closeable {
    public BulkChange(Saveable saveable) {}

    public static BulkChange current() {
        return null;
    }

    public static boolean contains(Saveable s) {
        return false;
    }

    @Override
    public void close() {}
}

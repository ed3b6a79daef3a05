// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson;

public class ExtensionList<T> extends java.util.AbstractList<T> {
    ExtensionList() {}

    public static <U> U lookupSingleton(Class<U> type) {
        return null;
    }

    public static <T> ExtensionList<T> lookup(Class<T> type) {
        return null;
    }

    @Override
    public T get(int index) {
        return null;
    }

    @Override
    public int size() {
        return 0;
    }
}

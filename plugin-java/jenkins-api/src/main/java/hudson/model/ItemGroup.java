// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

public interface ItemGroup<T extends Item> {
    String getFullName();

    default <T extends Item> java.util.List<T> getAllItems(Class<T> type) {
        return null;
    }
}

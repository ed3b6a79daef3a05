// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

public interface Saveable {
    void save() throws java.io.IOException;
}

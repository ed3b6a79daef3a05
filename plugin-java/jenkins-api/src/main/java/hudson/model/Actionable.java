// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

public abstract class Actionable extends AbstractModelObject {
    Actionable() {}

    public void addAction(Action a) {}

    public <T extends Action> T getAction(Class<T> type) {
        return null;
    }
}

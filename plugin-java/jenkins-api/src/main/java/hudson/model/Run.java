// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import java.io.IOException;

public abstract class Run<J extends Job<J, R>, R extends Run<J, R>> extends Actionable
        implements hudson.security.AccessControlled, Saveable {
    Run() {}

    public J getParent() {
        return null;
    }

    public int getNumber() {
        return 0;
    }

    public String getUrl() {
        return null;
    }

    public java.util.List<Cause> getCauses() {
        return null;
    }

    public String getExternalizableId() {
        return null;
    }

    public static Run<?, ?> fromExternalizableId(String id) throws IllegalArgumentException {
        return null;
    }

    public boolean isBuilding() {
        return false;
    }

    public Executor getExecutor() {
        return null;
    }

    @Override
    public void save() throws IOException {}
}

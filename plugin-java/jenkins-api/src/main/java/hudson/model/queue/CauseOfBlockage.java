// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model.queue;

public abstract class CauseOfBlockage {
    public CauseOfBlockage() {}

    public abstract String getShortDescription();
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.model;

public abstract class CauseOfInterruption implements java.io.Serializable {
    public CauseOfInterruption() {}

    public abstract String getShortDescription();
}

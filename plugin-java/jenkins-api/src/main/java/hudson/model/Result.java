// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

public final class Result implements java.io.Serializable {
    public static final Result FAILURE = null;

    Result() {}
}

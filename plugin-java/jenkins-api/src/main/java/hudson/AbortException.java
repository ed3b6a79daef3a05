// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson;

public class AbortException extends java.io.IOException {
    public AbortException() {}

    public AbortException(String message) {
        super(message);
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.kohsuke.stapler;

public class ForwardToView extends RuntimeException implements HttpResponse {
    public ForwardToView(Object it, String view) {}

    public ForwardToView with(String varName, Object value) {
        return null;
    }
}

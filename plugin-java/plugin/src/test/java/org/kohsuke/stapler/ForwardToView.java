// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.kohsuke.stapler;

import java.util.HashMap;
import java.util.Map;

/** In place of the declared class: remembers what the view is given. */
public class ForwardToView extends RuntimeException implements HttpResponse {
    public final transient Map<String, Object> given = new HashMap<>();

    public ForwardToView(Object it, String view) {
        super(view);
    }

    public ForwardToView with(String varName, Object value) {
        given.put(varName, value);
        return this;
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.kohsuke.stapler;

/** In place of the declared class: remembers where it leads. */
public final class HttpRedirect extends RuntimeException implements HttpResponse {
    public final String url;

    public HttpRedirect(String url) {
        this.url = url;
    }
}

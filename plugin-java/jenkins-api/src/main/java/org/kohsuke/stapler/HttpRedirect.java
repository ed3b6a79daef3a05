// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.kohsuke.stapler;

public final class HttpRedirect extends RuntimeException implements HttpResponse {
    public HttpRedirect(String url) {}
}

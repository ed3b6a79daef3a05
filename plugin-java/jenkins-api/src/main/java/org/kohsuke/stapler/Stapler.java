// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.kohsuke.stapler;

public class Stapler extends jakarta.servlet.http.HttpServlet {
    public static StaplerRequest2 getCurrentRequest2() {
        return null;
    }
}

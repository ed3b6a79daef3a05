// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Descriptor.FormException;
import jakarta.servlet.ServletException;
import java.io.IOException;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.StaplerResponse2;

/**
 * The refusal of an agent's form. Jenkins wraps a {@link FormException} or a runtime exception of a node property until its
 * page says nothing but that a problem occurred; an error passes, and Stapler shows it as the page that it is.
 */
final class RefusedForm extends LinkageError implements HttpResponse {
    private static final long serialVersionUID = 1L;

    private final transient FormException page;

    RefusedForm(FormException page, Throwable cause) {
        super(page.getMessage(), cause);
        this.page = page;
    }

    @Override
    public void generateResponse(StaplerRequest2 req, StaplerResponse2 rsp, Object node)
            throws IOException, ServletException {
        page.generateResponse(req, rsp, node);
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import hudson.Extension;
import hudson.model.AdministrativeMonitor;
import hudson.model.Api;
import hudson.model.Failure;
import io.jenkins.plugins.machineid.Messages;
import java.io.IOException;
import java.util.List;
import jenkins.model.Jenkins;
import org.kohsuke.stapler.HttpRedirect;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;
import org.kohsuke.stapler.verb.POST;

/**
 * Shows the warnings on Jenkins' pages for administrators. Who has Overall/SystemRead sees them; only administrators
 * dismiss one. What is shown is known here already: no agent is asked.
 */
@Extension
@ExportedBean
public class WarningMonitor extends AdministrativeMonitor {
    /** So many lines stand in the message; the page has all of them. */
    private static final int SHOWN = 20;

    public WarningMonitor() {
        super("machine-id");
    }

    @Override
    public String getDisplayName() {
        return Messages.Warning_displayName();
    }

    @Override
    public boolean isActivated() {
        return !WarningBoard.get().open().isEmpty();
    }

    @Override
    public void checkRequiredPermission() {
        Jenkins.get().checkPermission(Jenkins.SYSTEM_READ);
    }

    @Override
    public boolean hasRequiredPermission() {
        return Jenkins.get().hasPermission(Jenkins.SYSTEM_READ);
    }

    public Api getApi() {
        return new Api(this);
    }

    /** For the message: the first of those that weren't dismissed. */
    public List<WarningLine> getOpen() {
        return WarningBoard.get().open().stream().limit(SHOWN).toList();
    }

    /** How many more there are than {@link #getOpen}. */
    public int getMore() {
        return Math.max(0, WarningBoard.get().open().size() - SHOWN);
    }

    /** For the page and the REST API. */
    @Exported
    public List<WarningLine> getWarnings() {
        return WarningBoard.get().all();
    }

    /** @param warning the id of the line */
    @POST
    public HttpResponse doDismiss(@QueryParameter String warning, @QueryParameter String from) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return done(() -> WarningBoard.get().dismiss(warning), from);
    }

    /** Shows it again. */
    @POST
    public HttpResponse doRestore(@QueryParameter String warning, @QueryParameter String from) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return done(() -> WarningBoard.get().restore(warning), from);
    }

    private interface Change {
        void make() throws IOException;
    }

    /** @param from {@code page}: back to the page of this monitor; else to Jenkins' own */
    private static HttpResponse done(Change change, String from) {
        try {
            change.make();
        } catch (IOException e) {
            throw new Failure(Messages.Warning_unsaved(e.getMessage()));
        }
        return new HttpRedirect("page".equals(from) ? "." : "../../manage/");
    }
}

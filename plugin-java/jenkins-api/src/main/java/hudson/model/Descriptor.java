// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import net.sf.json.JSONObject;
import org.kohsuke.stapler.StaplerRequest2;

public abstract class Descriptor<T extends Describable<T>> implements Saveable {
    protected Descriptor() {}

    protected Descriptor(Class<? extends T> clazz) {}

    public String getDisplayName() {
        return null;
    }

    public String getHelpFile(String fieldName) {
        return null;
    }

    public boolean configure(StaplerRequest2 req, JSONObject json) throws FormException {
        return false;
    }

    public T newInstance(StaplerRequest2 req, JSONObject formData) throws FormException {
        return null;
    }

    @Override
    public void save() {}

    public void load() {}

    public static final class FormException extends Exception implements org.kohsuke.stapler.HttpResponse {
        public FormException(String message, String formField) {}
    }
}

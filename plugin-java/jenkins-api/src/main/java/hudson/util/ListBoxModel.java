// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.util;

public class ListBoxModel extends java.util.ArrayList<ListBoxModel.Option>
        implements org.kohsuke.stapler.HttpResponse {
    public ListBoxModel() {}

    public void add(String displayName, String value) {}

    public static final class Option {
        public String name;
        public String value;

        Option() {}
    }
}

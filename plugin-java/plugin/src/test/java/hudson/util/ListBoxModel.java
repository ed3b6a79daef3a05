// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.util;

/** In place of the declared class: keeps what is added. */
public class ListBoxModel extends java.util.ArrayList<ListBoxModel.Option>
        implements org.kohsuke.stapler.HttpResponse {
    private static final long serialVersionUID = 1L;

    public ListBoxModel() {}

    public void add(String displayName, String value) {
        add(new Option(displayName, value));
    }

    public java.util.List<String> ids() {
        return stream().map(option -> option.value).toList();
    }

    public static final class Option {
        public String name;
        public String value;

        public Option(String name, String value) {
            this.name = name;
            this.value = value;
        }
    }
}

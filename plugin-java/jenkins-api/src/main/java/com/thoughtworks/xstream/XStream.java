// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package com.thoughtworks.xstream;

public class XStream {
    public XStream() {}

    public String toXML(Object obj) {
        return null;
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson;

public final class XmlFile {
    XmlFile() {}
}

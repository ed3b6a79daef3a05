// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson;

import java.io.File;
import java.io.IOException;

public final class XmlFile {
    public XmlFile(File file) {}

    public Object read() throws IOException {
        return null;
    }

    public void write(Object o) throws IOException {}

    public boolean exists() {
        return false;
    }
}

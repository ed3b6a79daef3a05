// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** In place of the declared class: a file that holds what was written last, while the tests run. */
public final class XmlFile {
    /** What files hold; a test may put something there, also an {@link IOException} that is thrown in place of a read or write. */
    public static final Map<File, Object> DISK = new ConcurrentHashMap<>();

    private final File file;

    public XmlFile(File file) {
        this.file = file;
    }

    public Object read() throws IOException {
        if (DISK.get(file) instanceof IOException broken) {
            throw broken;
        }
        return DISK.get(file);
    }

    public void write(Object o) throws IOException {
        if (DISK.get(file) instanceof IOException broken) {
            throw broken;
        }
        DISK.put(file, o instanceof Collection<?> list ? new ArrayList<>(list) : o);
    }

    public boolean exists() {
        return DISK.containsKey(file);
    }
}

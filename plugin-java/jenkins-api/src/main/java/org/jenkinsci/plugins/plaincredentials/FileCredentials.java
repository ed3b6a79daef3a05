// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.jenkinsci.plugins.plaincredentials;

import java.io.IOException;
import java.io.InputStream;

public interface FileCredentials extends com.cloudbees.plugins.credentials.common.StandardCredentials {
    InputStream getContent() throws IOException;
}

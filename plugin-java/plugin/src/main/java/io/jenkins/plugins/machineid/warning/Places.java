// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** Where more is told about a cause, as paths below Jenkins' own address. Who sees the warning sees these pages, but for the keys'. */
final class Places {
    /** The page of health, whose queries these are. */
    static final String CLUSTERS = "manage/machine-id/";

    static final String AGENTS = CLUSTERS + "?state=unavailable";

    /** For administrators alone, as the keys are. */
    static final String KEYS = "manage/machine-id-setup/#keys";

    private Places() {}

    static String identity(String id) {
        return CLUSTERS + "?identity=" + URLEncoder.encode(id, StandardCharsets.UTF_8);
    }
}

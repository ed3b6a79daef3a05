// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.metrics.api;

import com.codahale.metrics.MetricRegistry;

public class Metrics {
    Metrics() {}

    public static MetricRegistry metricRegistry() {
        return null;
    }
}

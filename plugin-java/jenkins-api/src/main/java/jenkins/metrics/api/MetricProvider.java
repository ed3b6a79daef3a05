// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.metrics.api;

import com.codahale.metrics.MetricSet;

public abstract class MetricProvider implements hudson.ExtensionPoint {
    public MetricProvider() {}

    public abstract MetricSet getMetricSet();
}

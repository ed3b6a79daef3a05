// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.metrics;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.MetricSet;
import com.codahale.metrics.Timer;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.XmlFile;
import hudson.model.PeriodicWork;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import jenkins.metrics.api.MetricProvider;
import jenkins.metrics.api.Metrics;

/**
 * Gives the numbers to the Metrics plugin, where the Prometheus plugin finds them, too. Loaded only where the plugin
 * metrics is: nothing else here knows its types.
 */
@Extension(optional = true)
public class PluginMetrics extends MetricProvider implements Counting.Sink {
    private final Map<String, com.codahale.metrics.Metric> own = new LinkedHashMap<>();
    /** Those whose names depend on what happens. */
    private final Map<String, Meter> later = new ConcurrentHashMap<>();
    private final Supplier<MetricRegistry> registry;
    private final Supplier<List<String>> ids;
    /** Keys of the gauges of identities that are registered. */
    private final Set<String> ofIdentities = new HashSet<>();
    /** The counters of identities, by their keys, and what stands for identities in these. */
    private volatile Map<String, Meter> byIdentity = Map.of();

    private volatile Map<String, String> words = Map.of();
    /** The ids that have gauges; null: not looked at yet. */
    private List<String> followed;

    public PluginMetrics() {
        this(Metrics::metricRegistry, PluginMetrics::configured);
    }

    PluginMetrics(Supplier<MetricRegistry> registry, Supplier<List<String>> ids) {
        this.registry = registry;
        this.ids = ids;
        for (Metric metric : Metric.values()) {
            if (metric.part() == Metric.Part.NONE) {
                switch (metric.kind()) {
                    // The Prometheus plugin shows a counter of Dropwizard's as a gauge, and a meter as a counter.
                    case COUNTER -> own.put(metric.key(), new Meter());
                    case SUMMARY -> own.put(metric.key(), new Timer());
                    case GAUGE -> {}
                }
            }
        }
        Gauges.fixed().forEach((key, value) -> own.put(key, gauge(value)));
    }

    private static List<String> configured() {
        return MachineIdConfiguration.get().getIdentities().stream().map(Identity::getId).toList();
    }

    private static Gauge<Number> gauge(Supplier<Number> value) {
        return value::get;
    }

    @Override
    public MetricSet getMetricSet() {
        Counting.into(this);
        return () -> own;
    }

    @Override
    public void count(Metric metric, String word, long by) {
        if (metric.part() == Metric.Part.IDENTITY) {
            Meter meter = byIdentity.get(metric.key(words.getOrDefault(word, "")));
            // One that isn't configured any more, or beyond the limit, has no numbers of its own.
            if (meter != null) {
                meter.mark(by);
            }
            return;
        }
        String key = metric.key(word);
        Meter meter = own.get(key) instanceof Meter known ? known : later.computeIfAbsent(key, name -> registry.get().meter(name));
        meter.mark(by);
    }

    @Override
    public void time(Metric metric, Duration took) {
        if (own.get(metric.key()) instanceof Timer timer) {
            timer.update(took);
        }
    }

    /** The identities that are configured now have gauges, and no others. */
    synchronized void follow() {
        List<String> now = ids.get();
        if (now.equals(followed)) {
            return;
        }
        MetricRegistry all = registry.get();
        // Anew: another id may have the key.
        ofIdentities.forEach(all::remove);
        ofIdentities.clear();
        Map<String, String> named = Gauges.words(now);
        Gauges.of(named).forEach((key, value) -> {
            all.register(key, gauge(value));
            ofIdentities.add(key);
        });
        Map<String, Meter> meters = new HashMap<>();
        for (Metric metric : Metric.values()) {
            if (metric.part() == Metric.Part.IDENTITY && metric.kind() == Metric.Kind.COUNTER) {
                named.forEach((id, word) -> {
                    String key = metric.key(word);
                    // What was counted goes on, unless another identity has the word now.
                    boolean same = byIdentity.containsKey(key) && word.equals(words.get(id));
                    meters.put(key, all.register(key, same ? byIdentity.get(key) : new Meter()));
                    ofIdentities.add(key);
                });
            }
        }
        byIdentity = Map.copyOf(meters);
        words = Map.copyOf(named);
        followed = now;
    }

    private static Stream<PluginMetrics> all() {
        return ExtensionList.lookup(MetricProvider.class).stream()
                .filter(PluginMetrics.class::isInstance)
                .map(PluginMetrics.class::cast);
    }

    /** The first time, and where a change wasn't saved by the configuration itself. */
    @Extension(optional = true)
    public static class Round extends PeriodicWork {
        @Override
        public long getRecurrencePeriod() {
            return MIN;
        }

        @Override
        public long getInitialDelay() {
            return MIN / 10;
        }

        @Override
        protected void doRun() {
            all().forEach(PluginMetrics::follow);
        }
    }

    /** Other identities may be configured. */
    @Extension(optional = true)
    public static class Saved extends SaveableListener {
        @Override
        public void onChange(Saveable o, XmlFile file) {
            // Before the first round the registry may not be there.
            if (o instanceof MachineIdConfiguration) {
                all().filter(PluginMetrics::hasBegun).forEach(PluginMetrics::follow);
            }
        }
    }

    private synchronized boolean hasBegun() {
        return followed != null;
    }
}

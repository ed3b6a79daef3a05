// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.report.Condition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** What a query finds, a page of it. */
@ExportedBean
public final class HealthView {
    /** Rows of a page. */
    static final int PAGE = 100;

    /** How many there are in a state. */
    @ExportedBean(defaultVisibility = 2)
    public record Count(Condition condition, int number) {
        @Exported
        public String getState() {
            return condition.word();
        }

        @Exported
        public int getNumber() {
            return number;
        }

        public String getText() {
            return States.text(condition);
        }

        public String getColour() {
            return States.colour(condition);
        }
    }

    private final Fleet fleet;
    private final Query query;
    private final int found;
    private final int page;
    private final List<Row> rows;

    HealthView(Fleet fleet, Query query) {
        this.fleet = fleet;
        List<Entry> wanted = new ArrayList<>(fleet.entries().stream().filter(query::wants).toList());
        wanted.sort(query.order().comparator());
        this.found = wanted.size();
        this.page = Math.min(query.page(), pages(found));
        this.query = new Query(query.text(), query.state(), query.identity(), query.cluster(), query.sort(), page);
        int from = (page - 1) * PAGE;
        this.rows = wanted.subList(from, Math.min(found, from + PAGE)).stream()
                .map(entry -> new Row(entry, fleet.moment()))
                .toList();
    }

    private static int pages(int found) {
        return Math.max(1, (found + PAGE - 1) / PAGE);
    }

    /** What was asked for, with a page that there is. */
    public Query getQuery() {
        return query;
    }

    @Exported
    public List<Row> getRows() {
        return rows;
    }

    /** On all pages. */
    @Exported
    public int getFound() {
        return found;
    }

    @Exported
    public int getPage() {
        return page;
    }

    @Exported
    public int getPages() {
        return pages(found);
    }

    /** The part of an address that asks for this page. */
    public String getHere() {
        return query.link(page);
    }

    /** The part of an address that asks for the page before; null: there is none. */
    public String getPrevious() {
        return page > 1 ? query.link(page - 1) : null;
    }

    /** For the page after; null: there is none. */
    public String getNext() {
        return page < getPages() ? query.link(page + 1) : null;
    }

    /** Agents of which something is known. */
    @Exported
    public int getAgents() {
        return fleet.agents();
    }

    /** How many identities on agents there are in each state, whatever was asked for. */
    @Exported
    public List<Count> getCounts() {
        return fleet.counts().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(each -> new Count(each.getKey(), each.getValue()))
                .toList();
    }

    @Exported
    public List<ClusterSummary> getClusters() {
        return fleet.clusters();
    }

    /** Those that the table can be narrowed to: agents may make others up. */
    public List<String> getIdentityChoices() {
        return choices(query.identity(), fleet.names().stream());
    }

    public List<String> getClusterChoices() {
        return choices(query.cluster(), settings().clusters().stream().map(each -> each.getName()));
    }

    /** All that a state can be. */
    public List<Count> getStateChoices() {
        Map<Condition, Integer> counts = fleet.counts();
        return Stream.of(Condition.values()).map(each -> new Count(each, counts.getOrDefault(each, 0))).toList();
    }

    private static Settings settings() {
        return MachineIdConfiguration.get().settings();
    }

    private static List<String> choices(String chosen, Stream<String> configured) {
        return Stream.concat(Stream.of(chosen).filter(each -> !each.isEmpty()), configured)
                .distinct()
                .sorted(Comparator.naturalOrder())
                .toList();
    }

    /** For the first row that is shown; 0: there is none. */
    public int getFirst() {
        return rows.isEmpty() ? 0 : (page - 1) * PAGE + 1;
    }

    public int getLast() {
        return rows.isEmpty() ? 0 : getFirst() + rows.size() - 1;
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.model.Run;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.StaplerResponse2;

/**
 * A build's record as a file.
 *
 * @param type its media type
 * @param name of the file
 * @param text all of it
 */
record Download(String type, String name, String text) implements HttpResponse {
    /** What a spreadsheet takes for the beginning of a formula; also as wide letters. */
    private static final String FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20";
    /** They end a cell for some spreadsheets. So do semicolons in many countries: then our quotes are taken for text. */
    private static final Pattern ENDS = Pattern.compile("\\p{Cntrl}");

    private static final List<AuditField> COLUMNS = List.of(
            AuditField.RECORD,
            AuditField.JOB,
            AuditField.BUILD,
            AuditField.IDENTITY,
            AuditField.AGENT,
            AuditField.LEASE,
            AuditField.ROLES,
            AuditField.LIFETIME,
            AuditField.GRANTED,
            AuditField.RELEASED,
            AuditField.STATEMENT,
            AuditField.KIND,
            AuditField.OUTPUT,
            AuditField.TARGET,
            AuditField.KEY_ID,
            AuditField.SERIAL,
            AuditField.FINGERPRINT,
            AuditField.PRINCIPALS,
            AuditField.VALID_FROM,
            AuditField.VALID_UNTIL,
            AuditField.RENEWED,
            AuditField.VIOLATION,
            AuditField.TIME,
            AuditField.RULE,
            AuditField.SENTENCE,
            AuditField.COUNT);

    /** RFC 4180, one table for all records: which kind of record a line is, stands in its first column. */
    static Download csv(Run<?, ?> run, MachineIdAction record) {
        String head = COLUMNS.stream().map(AuditField::word).collect(Collectors.joining(",", "", "\r\n"));
        String lines = rows(run, record).stream()
                .map(row -> COLUMNS.stream().map(column -> cell(row.get(column))).collect(Collectors.joining(",", "", "\r\n")))
                .collect(Collectors.joining());
        return new Download("text/csv; charset=utf-8", file(run) + ".csv", head + lines);
    }

    /** A list of the same records. */
    static Download json(Run<?, ?> run, MachineIdAction record) {
        String lines = rows(run, record).stream().map(MachineIdEvent::json).collect(Collectors.joining(",\n", "[\n", "\n]\n"));
        return new Download("application/json; charset=utf-8", file(run) + ".json", lines);
    }

    static List<Map<AuditField, Object>> rows(Run<?, ?> run, MachineIdAction record) {
        List<Map<AuditField, Object>> rows = new ArrayList<>();
        record.getLeases().forEach(each -> rows.add(row(run, "lease", each.facts())));
        record.getCertificates().forEach(each -> {
            Map<AuditField, Object> row = row(run, "certificate", each.facts());
            row.put(AuditField.RENEWED, each.isRenewed());
            rows.add(row);
        });
        record.getRefusals().forEach(each -> {
            Map<AuditField, Object> row = row(run, "refusal", each.facts());
            row.put(AuditField.TIME, each.getTime());
            rows.add(row);
        });
        leftOut(rows, run, "leases_left_out", record.getLeasesDropped());
        leftOut(rows, run, "certificates_left_out", record.getCertificatesDropped());
        leftOut(rows, run, "refusals_left_out", record.getRefusalsDropped());
        return rows;
    }

    private static void leftOut(List<Map<AuditField, Object>> rows, Run<?, ?> run, String what, int count) {
        if (count > 0) {
            rows.add(row(run, what, Map.of(AuditField.COUNT, count)));
        }
    }

    private static Map<AuditField, Object> row(Run<?, ?> run, String kind, Map<AuditField, Object> facts) {
        Map<AuditField, Object> row = new EnumMap<>(AuditField.class);
        row.put(AuditField.RECORD, kind);
        row.put(AuditField.JOB, run.getParent().getFullName());
        row.put(AuditField.BUILD, run.getNumber());
        facts.forEach((field, value) -> {
            if (value != null) {
                row.put(field, value);
            }
        });
        return row;
    }

    /** Always in quotes, on one line, without semicolons; what would be a formula is a text by the apostrophe before it. */
    static String cell(Object value) {
        String text = value instanceof Collection<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(" "))
                : value == null ? "" : value.toString();
        String whole = ENDS.matcher(text).replaceAll(" ").replace(';', ',');
        String begin = whole.stripLeading();
        String safe = !begin.isEmpty() && FORMULA.indexOf(begin.charAt(0)) >= 0 ? "'" + whole : whole;
        return '"' + safe.replace("\"", "\"\"") + '"';
    }

    /** Only what no header and no file system reads in another way. */
    private static String file(Run<?, ?> run) {
        String job = run.getParent().getFullName().replaceAll("[^A-Za-z0-9._-]+", "-");
        return "machine-id-" + job.substring(Math.max(0, job.length() - 100)) + "-" + run.getNumber();
    }

    @Override
    public void generateResponse(StaplerRequest2 req, StaplerResponse2 rsp, Object node) throws IOException, ServletException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        rsp.setContentType(type);
        rsp.setHeader("Content-Disposition", "attachment; filename=\"" + name + "\"");
        rsp.setHeader("X-Content-Type-Options", "nosniff");
        rsp.setHeader("Cache-Control", "no-store");
        rsp.setContentLength(body.length);
        rsp.getOutputStream().write(body);
    }
}

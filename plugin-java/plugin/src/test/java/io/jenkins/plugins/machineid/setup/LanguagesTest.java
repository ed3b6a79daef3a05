// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Whatever stands in a name, it comes out of YAML and HCL as it went in, and as one value. */
class LanguagesTest {
    static Stream<String> hostile() {
        List<String> texts = new ArrayList<>(List.of(
                "", " ", "team/app:deploy #1", "a: b", "- a", "# a", "a #b", "&a", "*a", "!a", "%a", "@a", "`a", "{a", "[a", "a,b",
                "? a", "| a", "> a", "'", "\"", "''", "\\", "\\\"", "\\n", "a'b\"c", "yes", "No", "ON", "null", "~", "true", "y",
                "1", "1e3", "0x1f", "1_000", "12:30:00", "2026-01-01", ".inf", ".nan", "---", "...", "--- a", "a\nb", "a\n---\nkind: role",
                "a\r\nb", "\n", "\t", "a\u0000b", "\u0007", "\u007f", "\u0085", "\u00a0", "\u200b", "\u202e", "\u2028", "\u2029", "\ufeff",
                "Bär/Straße", "Ωmega", "日本", "😀", "\ud83d\ude00x", "${a}", "$${a}", "$$${a}", "$a", "$", "%{ if true }", "%%{a}", "%%%{",
                "${\"${a}\"}", "{{a}}", "\"}\nresource \"x\" \"y\" {", "</textarea><script>alert(1)</script>", "<<: x", "=",
                "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"a-_b\"}]}", "{\"a\":\"it's\"}", "\ufffe"));
        Random random = new Random(12);
        String letters = "ab:#'\"\\ \n$%{}[]-&*!|>,?@`~\u0085\u2028ü";
        for (int i = 0; i < 2000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(9); n >= 0; n--) {
                text.append(letters.charAt(random.nextInt(letters.length())));
            }
            texts.add(text.toString());
        }
        return texts.stream();
    }

    private static Resource resource(String text) {
        Map<String, Object> spec = new LinkedHashMap<>();
        spec.put("value", text);
        spec.put(text.isEmpty() ? "none" : text, "key");
        spec.put("list", List.of(text, Map.of("inner", text), Map.of(), List.of()));
        spec.put("nothing", Map.of());
        spec.put("deep", Map.of("deeper", List.of(Map.of("deepest", List.of(text)))));
        return new Resource("token", "v2", text, spec, List.of("for " + text, text));
    }

    private static List<Object> read(String yaml) {
        List<Object> documents = new ArrayList<>();
        new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(yaml).forEach(documents::add);
        return documents;
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void yaml_says_what_was_put_in(String text) {
        Resource one = resource(text);
        String yaml = io.jenkins.plugins.machineid.setup.Yaml.of(List.of(one, one));
        assertEquals(List.of(one.tree(), one.tree()), read(yaml), yaml);
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void hcl_says_what_was_put_in(String text) {
        Resource one = resource(text);
        String hcl = Hcl.of(List.of(one));
        assertEquals(one.body(), HclReader.block(hcl, "teleport_provision_token", Hcl.label(text)), hcl);
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void a_comment_stays_one(String text) {
        String comment = Quoting.comment(text + " word".repeat(60) + text);
        assertTrue(comment.lines().count() > 1 && comment.endsWith("\n"), comment);
        comment.lines().forEach(line -> assertTrue(line.startsWith("# ") && line.length() < 130, line));
        assertEquals(comment.lines().count(), comment.chars().filter(c -> c == '\n').count());
        assertTrue(comment.chars().noneMatch(c -> c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029), comment);
    }

    @Test
    void half_a_character_is_no_reason_to_write_what_nobody_reads() {
        assertEquals("\"a\\ufffd\"", Quoting.yaml("a\ud83d"));
        assertEquals("\"a\\ufffd\"", Quoting.hcl("a\ud83d"));
    }

    @Test
    void plain_words_stay_plain_and_the_keys_are_readable() {
        assertEquals("api-workers", Quoting.yaml("api-workers"));
        assertEquals("'{\"keys\":[]}'", Quoting.yaml("{\"keys\":[]}"));
        assertEquals("\"Bär\"", Quoting.yaml("Bär"));
    }

    @Test
    void terraforms_names_are_words_and_differ() {
        for (String name : List.of("api", "a b", "a_b", "a.b", "1a", "", "ü", "a\"b")) {
            assertTrue(Hcl.label(name).matches("[A-Za-z_][A-Za-z0-9_-]*"), Hcl.label(name));
        }
        assertNotEquals(Hcl.label("a b"), Hcl.label("a.b"));
        assertNotEquals(Hcl.label("a b"), Hcl.label("a_b"));
    }
}

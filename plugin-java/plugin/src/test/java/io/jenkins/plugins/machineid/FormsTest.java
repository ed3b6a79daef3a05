// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.kohsuke.stapler.verb.POST;

/** Every field of every form has a help page; every check and test demands POST. */
class FormsTest {
    private static final Path VIEWS = Path.of("src/main/resources/io/jenkins/plugins/machineid");
    private static final Path CLASSES = Path.of("target/classes");
    private static final Pattern FIELD = Pattern.compile("<f:(?:entry|optionalProperty|dropdownDescriptorSelector)[^>]* field=\"(\\w+)\"");

    private static List<Path> files(Path root, String suffix) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(path -> path.toString().endsWith(suffix)).sorted().toList();
        }
    }

    @Test
    void each_field_has_a_help_page_and_each_help_page_a_field() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path form : files(VIEWS, "config.jelly")) {
            String text = Files.readString(form);
            if (form.getParent().endsWith("MachineIdBuildWrapper")) {
                continue;
            }
            Matcher fields = FIELD.matcher(text);
            List<String> names = new ArrayList<>();
            while (fields.find()) {
                names.add(fields.group(1));
                if (!Files.exists(form.resolveSibling("help-" + fields.group(1) + ".html"))) {
                    wrong.add(form.getParent().getFileName() + " lacks help of " + fields.group(1));
                }
            }
            for (Path help : files(form.getParent(), ".html")) {
                String name = help.getFileName().toString().replaceAll("^help-?|\\.html$", "");
                if (!name.isEmpty() && !names.contains(name)) {
                    wrong.add(help + " is for no field");
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void the_freestyle_form_has_the_steps_help() throws IOException {
        for (Path help : files(VIEWS.resolve("step/MachineIdStep"), ".html")) {
            assertTrue(Files.exists(VIEWS.resolve("step/MachineIdBuildWrapper").resolve(help.getFileName())), help.toString());
        }
    }

    @Test
    void each_check_and_test_demands_post() throws IOException, ClassNotFoundException {
        List<String> wrong = new ArrayList<>();
        int seen = 0;
        for (Path file : files(CLASSES, ".class")) {
            String name = CLASSES.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
            for (Method method : Class.forName(name, false, FormsTest.class.getClassLoader()).getDeclaredMethods()) {
                boolean web = method.getName().startsWith("doCheck") || method.getName().startsWith("doTest");
                seen += web ? 1 : 0;
                if (web && !method.isAnnotationPresent(POST.class)) {
                    wrong.add(name + "." + method.getName());
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(seen > 20, seen + " checks seen");
    }

    @Test
    void each_view_escapes_by_default() throws IOException {
        for (Path view : files(VIEWS, ".jelly")) {
            assertTrue(Files.readString(view).startsWith("<?jelly escape-by-default='true'?>"), view.toString());
        }
    }
}

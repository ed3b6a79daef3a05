// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.UnprotectedRootAction;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.issuer.PublicKeys;
import io.jenkins.plugins.machineid.step.MachineIdBuildWrapper;
import io.jenkins.plugins.machineid.step.MachineIdStep;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.verb.GET;
import org.kohsuke.stapler.verb.POST;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;

/** Every field of every form has a help page; every web method of a form demands POST. */
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
    void each_field_has_a_help_page_and_each_help_page_a_field() throws IOException, ReflectiveOperationException {
        List<String> wrong = new ArrayList<>();
        for (Path form : files(VIEWS, "config.jelly")) {
            String text = Files.readString(form);
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
                // A property of Pipeline and YAML alone has its help in the reference of steps.
                if (!name.isEmpty() && !names.contains(name) && !properties(form).contains(name)) {
                    wrong.add(help + " is for no field");
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** What YAML and Pipeline can set of the form's class itself. */
    private static Set<String> properties(Path form) throws ReflectiveOperationException {
        String name = VIEWS.getParent().getParent().getParent().getParent().relativize(form.getParent()).toString();
        Class<?> type = Class.forName(name.replace('/', '.'), false, FormsTest.class.getClassLoader());
        Set<String> names = new TreeSet<>();
        setters(type).forEach(setter -> names.add(Character.toLowerCase(setter.charAt(3)) + setter.substring(4)));
        for (Constructor<?> each : type.getConstructors()) {
            if (each.isAnnotationPresent(DataBoundConstructor.class)) {
                Stream.of(each.getParameters()).map(Parameter::getName).forEach(names::add);
            }
        }
        return names;
    }

    /** The reference of steps shows them, and the form has only some of them. */
    @Test
    void each_property_has_a_help_page() throws IOException, ReflectiveOperationException {
        List<String> wrong = new ArrayList<>();
        int seen = 0;
        for (Path form : files(VIEWS, "config.jelly")) {
            if (form.getParent().getFileName().toString().equals("MachineIdBuildWrapper")) {
                continue; // the step's
            }
            for (String property : properties(form)) {
                seen++;
                if (!Files.exists(form.resolveSibling("help-" + property + ".html"))) {
                    wrong.add(form.getParent().getFileName() + " lacks help of " + property);
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(seen > 50, seen + " properties seen");
    }

    private static Set<String> setters(Class<?> type) {
        Set<String> names = new TreeSet<>();
        for (Method method : type.getDeclaredMethods()) {
            if (method.isAnnotationPresent(DataBoundSetter.class)) {
                names.add(method.getName());
            }
        }
        return names;
    }

    /** Jenkins binds no common superclass of the two: what they share is held together here, form and help are the step's. */
    @Test
    void a_freestyle_job_sets_what_the_step_sets() {
        assertTrue(setters(MachineIdStep.class).size() > 5);
        assertEquals(setters(MachineIdStep.class), setters(MachineIdBuildWrapper.class));
    }

    @Test
    void each_check_fill_and_test_demands_post() throws IOException, ClassNotFoundException {
        List<String> wrong = new ArrayList<>();
        int seen = 0;
        for (Path file : files(CLASSES, ".class")) {
            String name = CLASSES.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
            for (Method method : Class.forName(name, false, FormsTest.class.getClassLoader()).getDeclaredMethods()) {
                boolean web = method.getName().matches("do(Check|Fill|Test)[A-Z].*");
                seen += web ? 1 : 0;
                if (web && !method.isAnnotationPresent(POST.class)) {
                    wrong.add(name + "." + method.getName());
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(seen > 20, seen + " checks seen");
    }

    /** What a method says or does is for the guard to run: the method itself calls nothing else. */
    @Test
    void each_check_fill_and_test_goes_by_the_guard() throws IOException {
        String guard = FormAccess.class.getName().replace('.', '/');
        List<String> wrong = new ArrayList<>();
        int seen = 0;
        for (Path file : files(CLASSES, ".class")) {
            ClassNode type = new ClassNode();
            new ClassReader(Files.readAllBytes(file)).accept(type, ClassReader.SKIP_DEBUG);
            for (MethodNode method : type.methods) {
                if (!method.name.matches("do(Check|Fill|Test)[A-Z].*") || (method.access & Opcodes.ACC_SYNTHETIC) != 0) {
                    continue;
                }
                List<MethodInsnNode> calls = new ArrayList<>();
                method.instructions.forEach(each -> {
                    if (each instanceof MethodInsnNode call && !isText(call)) {
                        calls.add(call);
                    }
                });
                seen++;
                if (calls.isEmpty() || !calls.stream().allMatch(call -> call.owner.equals(guard))) {
                    wrong.add(type.name + "." + method.name);
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(seen > 60, seen + " methods seen");
    }

    /** A text for choosing nothing, which the guard is given. */
    private static boolean isText(MethodInsnNode call) {
        return call.owner.equals("io/jenkins/plugins/machineid/Messages");
    }

    /** A refused value says which field holds it: the page of a failed save names it. */
    @Test
    void each_setter_asks_its_rules_by_the_field() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : files(CLASSES, ".class")) {
            ClassNode type = new ClassNode();
            new ClassReader(Files.readAllBytes(file)).accept(type, ClassReader.SKIP_DEBUG);
            for (MethodNode method : type.methods) {
                boolean binds = method.visibleAnnotations != null
                        && method.visibleAnnotations.stream().anyMatch(each -> each.desc.matches(".*/DataBound(Setter|Constructor);"));
                method.instructions.forEach(each -> {
                    if (binds && each instanceof MethodInsnNode call && call.owner.matches(".*/(Checks|Tokens)") && call.desc.endsWith(")V")) {
                        wrong.add(type.name + "." + method.name + " calls " + call.name);
                    }
                });
            }
        }
        assertEquals(List.of(), wrong);
    }

    /**
     * The two documents for clusters are the one thing that is read without a login, and only read. Downloads change nothing
     * either: a GET is what a link sends, and the permission is asked by the object that has them.
     */
    @Test
    void what_takes_no_post_only_reads() throws IOException, ClassNotFoundException {
        List<String> open = new ArrayList<>();
        for (Path file : files(CLASSES, ".class")) {
            String name = CLASSES.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
            Class<?> type = Class.forName(name, false, FormsTest.class.getClassLoader());
            for (Method method : type.getDeclaredMethods()) {
                boolean web = Modifier.isPublic(method.getModifiers()) && method.getName().matches("do[A-Z].*");
                if (web && !method.isAnnotationPresent(POST.class)) {
                    open.add(type.getSimpleName() + "." + method.getName());
                    assertTrue(type == PublicKeys.class
                            || method.isAnnotationPresent(GET.class) && StaplerProxy.class.isAssignableFrom(type), name);
                }
            }
            assertTrue(!UnprotectedRootAction.class.isAssignableFrom(type) || type == PublicKeys.class, name);
        }
        assertEquals(Set.of("MachineIdAction.doCsv", "MachineIdAction.doJson", "PublicKeys.doDynamic"), Set.copyOf(open));
    }

    @Test
    void each_view_escapes_by_default() throws IOException {
        for (Path view : files(VIEWS, ".jelly")) {
            assertTrue(Files.readString(view).startsWith("<?jelly escape-by-default='true'?>"), view.toString());
        }
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.output.ApplicationOutput;
import io.jenkins.plugins.machineid.output.DatabaseOutput;
import io.jenkins.plugins.machineid.output.KubernetesOutput;
import io.jenkins.plugins.machineid.step.MachineIdStep;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.codehaus.groovy.ast.CodeVisitorSupport;
import org.codehaus.groovy.ast.ModuleNode;
import org.codehaus.groovy.ast.expr.MapEntryExpression;
import org.codehaus.groovy.ast.expr.MapExpression;
import org.codehaus.groovy.ast.expr.MethodCallExpression;
import org.codehaus.groovy.ast.expr.TupleExpression;
import org.codehaus.groovy.control.CompilationFailedException;
import org.codehaus.groovy.control.CompilationUnit;
import org.codehaus.groovy.control.Phases;
import org.jenkinsci.Symbol;
import org.junit.jupiter.api.Test;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** Pipelines in the documents can be parsed, and the parameters that they give to our steps are there. */
class DocumentsTest {
    private static final Path ROOT = Path.of("../..");
    private static final Pattern SNIPPET = Pattern.compile("^( *)```groovy\n(.*?)^ *```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Map<String, Class<?>> OURS = Map.of(
            "withMachineId", MachineIdStep.class,
            "databaseAccess", DatabaseOutput.class,
            "applicationAccess", ApplicationOutput.class,
            "kubernetesAccess", KubernetesOutput.class);

    /** What is wrong with a pipeline; null: nothing. */
    private static String fault(String pipeline, Set<String> used) {
        CompilationUnit unit = new CompilationUnit();
        unit.addSource("pipeline", pipeline);
        try {
            unit.compile(Phases.CONVERSION);
        } catch (CompilationFailedException unreadable) {
            return unreadable.getMessage();
        }
        List<String> unknown = new ArrayList<>();
        for (ModuleNode module : unit.getAST().getModules()) {
            module.getStatementBlock().visit(new CodeVisitorSupport() {
                @Override
                public void visitMethodCallExpression(MethodCallExpression call) {
                    Class<?> type = OURS.get(call.getMethodAsString());
                    if (type != null) {
                        used.add(call.getMethodAsString());
                        named(call).filter(name -> !parameters(type).contains(name)).forEach(unknown::add);
                    }
                    super.visitMethodCallExpression(call);
                }
            });
        }
        return unknown.isEmpty() ? null : "no such parameters: " + unknown;
    }

    private static Stream<String> named(MethodCallExpression call) {
        if (!(call.getArguments() instanceof TupleExpression)) {
            return Stream.empty();
        }
        return ((TupleExpression) call.getArguments())
                .getExpressions().stream()
                        .filter(MapExpression.class::isInstance)
                        .flatMap(map -> ((MapExpression) map).getMapEntryExpressions().stream())
                        .map(MapEntryExpression::getKeyExpression)
                        .map(key -> key.getText());
    }

    /** What a form or a pipeline may give to a class of ours. */
    private static Set<String> parameters(Class<?> type) {
        Set<String> names = new TreeSet<>();
        for (Method method : type.getMethods()) {
            if (method.isAnnotationPresent(DataBoundSetter.class)) {
                String name = method.getName().substring("set".length());
                names.add(Character.toLowerCase(name.charAt(0)) + name.substring(1));
            }
        }
        for (Constructor<?> constructor : type.getConstructors()) {
            if (constructor.isAnnotationPresent(DataBoundConstructor.class)) {
                Arrays.stream(constructor.getParameters()).forEach(parameter -> names.add(parameter.getName()));
            }
        }
        return names;
    }

    private static List<Path> files(Path folder, String glob) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(path -> folder.getFileSystem().getPathMatcher("glob:**/" + glob).matches(path))
                    .toList();
        }
    }

    @Test
    void pipelines_in_documents_can_be_run() throws IOException {
        List<String> faults = new ArrayList<>();
        Set<String> used = new TreeSet<>();
        int found = 0;
        List<Path> documents = new ArrayList<>(files(ROOT.resolve("docs"), "*.md"));
        documents.addAll(List.of(ROOT.resolve("README.md"), ROOT.resolve("plugin-java/README.md")));
        for (Path document : documents) {
            Matcher snippets = SNIPPET.matcher(Files.readString(document));
            while (snippets.find()) {
                found++;
                String fault = fault(snippets.group(2), used);
                if (fault != null) {
                    faults.add(document + ": " + fault);
                }
            }
        }
        assertEquals(List.of(), faults);
        assertTrue(found > 10, found + " snippets");
        assertTrue(used.containsAll(Set.of("withMachineId", "databaseAccess", "applicationAccess")), used.toString());
    }

    @Test
    void examples_of_pipelines_can_be_run() throws IOException {
        List<Path> examples = files(ROOT.resolve("docs/examples"), "Jenkinsfile");
        assertTrue(!examples.isEmpty());
        for (Path example : examples) {
            assertEquals(null, fault(Files.readString(example), new TreeSet<>()), example.toString());
        }
    }

    @Test
    void the_names_are_those_of_the_classes() throws ReflectiveOperationException {
        for (Map.Entry<String, Class<?>> ours : OURS.entrySet()) {
            if (ours.getValue() != MachineIdStep.class) {
                Symbol symbol = Class.forName(ours.getValue().getName() + "$DescriptorImpl").getAnnotation(Symbol.class);
                assertEquals(List.of(ours.getKey()), List.of(symbol.value()));
            }
        }
    }

    @Test
    void a_pipeline_that_cannot_run_is_noticed() {
        assertTrue(fault("withMachineId(identity: 'api') { sh 'x' ", new TreeSet<>()) != null);
        String fault = fault("node { withMachineId(identitty: 'api', ttl: '1h') { sh 'x' } }", new TreeSet<>());
        assertEquals("no such parameters: [identitty]", fault);
    }
}

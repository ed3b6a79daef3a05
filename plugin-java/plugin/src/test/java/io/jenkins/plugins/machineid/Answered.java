// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.kohsuke.stapler.StaplerResponse2;

/** What a page answers. Any other call than these, for example for a session, ends the test. */
public final class Answered extends ServletOutputStream {
    /** Headers by their names, and {@code status} of an error. */
    public final Map<String, Object> sent = new TreeMap<>();

    private final ByteArrayOutputStream body = new ByteArrayOutputStream();

    public StaplerResponse2 response() {
        return (StaplerResponse2) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {StaplerResponse2.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("getOutputStream")) {
                        return this;
                    }
                    String name = switch (method.getName()) {
                        case "setHeader" -> (String) arguments[0];
                        case "setContentType" -> "Content-Type";
                        case "setContentLength" -> "Content-Length";
                        case "sendError" -> "status";
                        default -> throw new AssertionError(method.getName());
                    };
                    sent.put(name, method.getName().equals("setHeader") ? arguments[1] : arguments[0]);
                    return null;
                });
    }

    public String body() {
        return body.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void write(int b) {
        body.write(b);
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public void setWriteListener(WriteListener listener) {}
}

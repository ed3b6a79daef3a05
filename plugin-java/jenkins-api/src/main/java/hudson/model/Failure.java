// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

public class Failure extends RuntimeException implements org.kohsuke.stapler.HttpResponse {
    public Failure(String message) {}
}

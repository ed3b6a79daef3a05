// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

public class Api extends AbstractModelObject {
    public Api(Object bean) {}
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.springframework.security.core;

public interface Authentication extends java.security.Principal, java.io.Serializable {}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kohsuke.stapler.verb.POST;

/** Who sees the warnings, and who may dismiss one. */
class WarningMonitorAttackTest {
    private final WarningMonitor monitor = new WarningMonitor();

    @AfterEach
    void reset() {
        Jenkins.get().granted = null;
    }

    @Test
    void who_has_nothing_sees_nothing() {
        Jenkins.get().granted = Set.of();
        assertFalse(monitor.hasRequiredPermission());
        assertThrows(SecurityException.class, monitor::checkRequiredPermission);
    }

    @Test
    void who_reads_the_system_sees_and_changes_nothing() {
        Jenkins.get().granted = Set.of(Jenkins.SYSTEM_READ);
        assertTrue(monitor.hasRequiredPermission());
        assertDoesNotThrow(monitor::checkRequiredPermission);
        assertThrows(SecurityException.class, () -> monitor.doDismiss("0".repeat(32), ""));
        assertThrows(SecurityException.class, () -> monitor.doRestore("0".repeat(32), "page"));
    }

    @Test
    void an_administrator_changes_them_and_nonsense_changes_nothing() {
        Jenkins.get().granted = Set.of(Jenkins.ADMINISTER);
        assertNotNull(monitor.doDismiss("../../x", "https://elsewhere.example"));
        assertNotNull(monitor.doRestore(null, null));
        assertFalse(monitor.isActivated());
    }

    @Test
    void what_changes_something_is_a_post() {
        for (Method method : WarningMonitor.class.getDeclaredMethods()) {
            if (method.getName().matches("do[A-Z].*")) {
                assertTrue(method.isAnnotationPresent(POST.class), method.getName());
            }
        }
        assertEquals(
                2, Arrays.stream(WarningMonitor.class.getDeclaredMethods()).filter(each -> each.getName().matches("do[A-Z].*")).count());
    }
}

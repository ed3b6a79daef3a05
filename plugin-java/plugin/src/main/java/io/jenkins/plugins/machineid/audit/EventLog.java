// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.Extension;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/** Writes each event as a line of JSON on the controller. What can't be written is told once, and counted. */
@Extension
public class EventLog extends MachineIdListener {
    private static final Logger LOGGER = Logger.getLogger(EventLog.class.getName());

    private final LogFile file;
    private final BooleanSupplier wanted;
    /** Events that could not be written since one was. */
    private long lost;
    private boolean told;

    public EventLog() {
        this(
                new LogFile(Path.of(Jenkins.get().getRootDir().getPath(), "logs", "machine-id"), LogFile.LARGEST),
                () -> MachineIdConfiguration.get().isAuditLog());
    }

    EventLog(LogFile file, BooleanSupplier wanted) {
        this.file = file;
        this.wanted = wanted;
    }

    @Override
    public synchronized void onLost(long count) {
        lost += count;
    }

    @Override
    public synchronized void onEvent(MachineIdEvent event) {
        if (!wanted.getAsBoolean()) {
            lost = 0;
            return;
        }
        try {
            if (lost > 0) {
                file.append(new MachineIdEvent(MachineIdEvent.Type.LOST, Map.of(AuditField.COUNT, lost)).json());
                lost = 0;
            }
            file.append(event.json());
            told = false;
        } catch (IOException e) {
            lost++;
            if (!told) {
                told = true;
                LOGGER.log(Level.WARNING, e, () -> "the log of machine identities can't be written; builds go on without it, and it"
                        + " says how many events are missing when it can be written again");
            }
        }
    }
}

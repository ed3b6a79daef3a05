// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.issuer.IssuerFailure;
import io.jenkins.plugins.machineid.issuer.KeyState;
import io.jenkins.plugins.machineid.issuer.SigningKeys;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** The controller's keys, as the page shows them: what holds now, and what the next step asks of an administrator. */
@ExportedBean(defaultVisibility = 2)
public final class KeysSetup {
    /** Null: they can't be read. */
    private final KeyState state;

    private final String fault;
    private final List<String> tokens;

    KeysSetup(KeyState state, String fault, List<String> tokens) {
        this.state = state;
        this.fault = fault;
        this.tokens = List.copyOf(new TreeSet<>(tokens));
    }

    /** The token resources that hold the public keys, with their clusters, of all that the present user may see. */
    public static List<String> holders() {
        return Plans.keyHolders(SetupPage.settings());
    }

    /** @param tokens the token resources that hold the public keys, with their clusters */
    static KeysSetup read(List<String> tokens) {
        try {
            return new KeysSetup(SigningKeys.get().state(), null, tokens);
        } catch (IssuerFailure e) {
            return new KeysSetup(null, e.getMessage(), tokens);
        }
    }

    @Exported
    public String getFault() {
        return fault;
    }

    /** The one that a click takes; null: none can be taken. */
    @Exported
    public String getStep() {
        return state == null || state.step() == null ? null : state.step().name();
    }

    public String getButton() {
        return state.step().label();
    }

    /** Sentences, the most important one last. */
    @Exported
    public List<String> getFacts() {
        List<String> facts = new ArrayList<>();
        if (state == null) {
            return facts;
        }
        String names = tokens.isEmpty() ? Messages.Setup_keysNowhere() : String.join(", ", tokens);
        facts.add(
                state.signing().isEmpty()
                        ? Messages.Setup_keysNone()
                        : Messages.Setup_keysSigning(state.signing(), state.since().truncatedTo(ChronoUnit.SECONDS)));
        if (!state.credential().isEmpty()) {
            facts.add(Messages.Setup_keysHeld(state.credential()));
        }
        if (!state.announced().isEmpty()) {
            facts.add(Messages.Setup_keysAnnounced(state.announced(), names));
        }
        if (!state.next().isEmpty()) {
            facts.add(Messages.Setup_keysNext(state.next(), names));
        }
        if (!state.previous().isEmpty()) {
            facts.add(Messages.Setup_keysPrevious(state.previous(), names));
        }
        if (state.due() != null) {
            facts.add(Messages.Setup_keysDue(getButton(), state.due().truncatedTo(ChronoUnit.SECONDS)));
        }
        return facts;
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.ExtensionPoint;
import hudson.model.AbstractDescribableImpl;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.credential.CredentialRef;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * How an agent becomes a member of a cluster as a bot: one of Teleport's join methods, with what can be set about it.
 *
 * <p>Two of one class that would ask for the same are equal, so that what says nothing isn't exported.
 */
public abstract class JoinMethod extends AbstractDescribableImpl<JoinMethod> implements ExtensionPoint {
    /** Teleport's name of it, by which the library knows it. */
    public abstract String method();

    /** The name of it in YAML and in the list of the form: Teleport's, unless it is one that Teleport doesn't know. */
    public String symbol() {
        return method();
    }

    /**
     * True when an agent that joins so keeps a secret of it: a token, a key, or the bot's identity. With the other
     * methods an agent proves anew each time who it is.
     */
    public abstract boolean keepsSecret();

    /** A {@link Secret}, a {@link CredentialRef}, or a token's name as text; null: none. */
    protected abstract Object token();

    /** The name of the token resource in the cluster; empty: the token is a secret, or none is named here. */
    public final Optional<String> resource() {
        return token() instanceof String name ? Optional.of(name) : Optional.empty();
    }

    /** A file on the agent that holds the token; null: none. */
    protected abstract String tokenFile();

    /**
     * What is set beside the token, by the contract's names: texts, numbers, truth values, lists of texts and, where it
     * is one, a {@link Secret} or a {@link CredentialRef}.
     *
     * @param agentsOwn the token is the agent's own, in place of this one's
     */
    protected abstract Map<String, Object> settings(boolean agentsOwn);

    /**
     * What is wrong with a field, or with all of them together. Asked before anything is saved: what a setter throws at a
     * value of a form is only logged by Jenkins (2.516 still does so), so setters keep the value, and are called again here.
     *
     * @throws IllegalArgumentException with a sentence for the reader
     */
    public void check() {}

    /**
     * Whether what is set is for the cluster of that address, where it can be told.
     *
     * @param kind {@code proxy} or {@code auth}
     * @throws IllegalArgumentException with a sentence for the reader
     */
    public void checkCluster(String name, String address, String kind) {}

    /** How this controller states who a build is, where that is the proof; empty: the agent has one. */
    public Optional<StatementForm> statement() {
        return Optional.empty();
    }

    /** Whether such a statement is about the agent alone, for what stands there whichever build runs, and not about a build. */
    public boolean statesAgents() {
        return false;
    }

    /**
     * Whom such a statement is for.
     *
     * @param ofCluster whom they are for where this method says nothing
     */
    public String statedFor(String ofCluster) {
        throw new IllegalStateException(symbol() + " makes no statements");
    }

    /**
     * What the library is told, by the contract's names; values as in {@link #settings}.
     *
     * @param agentToken the agent's own token, a {@link Secret} or a {@link CredentialRef}; null: none. Counts only where a
     *     token is a secret
     * @param agentTokenFile as above
     */
    public final Map<String, Object> request(Object agentToken, String agentTokenFile) {
        boolean agentsOwn = keepsSecret() && (agentToken != null || agentTokenFile != null);
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("method", method());
        request.put("token", agentsOwn ? agentToken : token());
        request.put("token_file", agentsOwn ? agentTokenFile : tokenFile());
        request.put("settings", settings(agentsOwn));
        request.values().removeIf(value -> value == null || value.equals(Map.of()));
        return request;
    }

    /** What is set and the library isn't told: it counts when two are compared. Null: nothing. */
    protected Object ours() {
        return null;
    }

    @Override
    public final boolean equals(Object other) {
        return other != null
                && other.getClass() == getClass()
                && ((JoinMethod) other).request(null, null).equals(request(null, null))
                && Objects.equals(((JoinMethod) other).ours(), ours());
    }

    @Override
    public final int hashCode() {
        return Objects.hash(getClass());
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.JenkinsWords;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import java.io.IOException;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What the library says of a join, and what this controller knows besides: names, and where the resources are shown. */
final class JoinAdvice {
    private static final Logger LOGGER = Logger.getLogger(JoinAdvice.class.getName());
    private static final String REFUSED = "join_rejected";

    private JoinAdvice() {}

    static boolean isRefusal(Exception failure) {
        return failure instanceof NativeFailure known && known.code().equals(REFUSED);
    }

    /** With the token resource's name in place of one that stands for it. */
    static NativeFailure named(NativeFailure failure, Identity identity) {
        JoinMethod join = identity.getJoin();
        // Where a token is a secret an agent may have brought its own.
        return join.keepsSecret()
                ? failure
                : join.resource()
                        .map(name -> failure.with(sentence -> JenkinsWords.naming(name, sentence)))
                        .orElse(failure);
    }

    /**
     * All of it, for a console or a log. Where nobody has asked for the cluster's own name yet the agent is asked now, as for a
     * test of the connection.
     */
    static NativeFailure told(NativeFailure failure, AgentLink link, String agent, Settings settings, String identityId)
            throws InterruptedException {
        Identity identity = settings.identity(identityId);
        Cluster cluster = identity == null ? null : settings.cluster(identity.getCluster());
        if (cluster == null) {
            return failure;
        }
        NativeFailure named = named(failure, identity);
        if (!isRefusal(failure)) {
            return named;
        }
        String names = otherName(cluster, identity, said(link, agent, cluster, identity)).map(each -> "; " + each).orElse("");
        return named.with(sentence -> sentence + names + "; " + page(identity));
    }

    private static String page(Identity identity) {
        String resource = identity.getJoin().resource().orElse("");
        if (identity.getJoin().keepsSecret() || resource.isEmpty()) {
            return Messages.Join_commands();
        }
        String folder = IdentityName.folder(identity.getId());
        return folder.isEmpty() ? Messages.Join_page(resource) : Messages.Join_folderPage(resource, folder);
    }

    /**
     * What the cluster calls itself, as an agent says. Whoever follows a false word changes whom all statements are for: so it
     * is always told whose word it is.
     *
     * @param name empty: not known
     * @param agent as shown to people
     */
    record Said(String name, String agent) {}

    /** That statements are for another name than the cluster's, which then refuses them; empty: they aren't. */
    static Optional<String> otherName(Cluster cluster, Identity identity, Said said) {
        JoinMethod join = identity.getJoin();
        String name = AgentText.line(said.name());
        if (name.isEmpty() || !isForClustersName(join) || join.statedFor(cluster.audience()).equals(name)) {
            return Optional.empty();
        }
        String audience = join.statedFor(cluster.audience());
        // What the method says itself is asked first.
        return Optional.of(join.statedFor("").isEmpty()
                ? Messages.Name_ofCluster(name, audience, cluster.getName(), said.agent())
                : Messages.Name_ofIdentity(name, audience, identity.getId(), said.agent()));
    }

    private static boolean isForClustersName(JoinMethod join) {
        return join.statement().filter(StatementForm::isForClustersName).isPresent();
    }

    private static Said said(AgentLink link, String agent, Cluster cluster, Identity identity) throws InterruptedException {
        if (!isForClustersName(identity.getJoin())) {
            return new Said("", agent);
        }
        Optional<SeenServer> seen = SeenServer.of(cluster);
        if (seen.isPresent()) {
            return new Said(seen.get().name(), seen.get().agent());
        }
        try {
            return new Said(ConnectionTest.look(link, agent, cluster, identity).text("cluster"), agent);
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> "agent " + agent + " doesn't tell the name of cluster " + cluster.getName());
            return new Said("", agent);
        }
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.AgentRule;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.access.Wish;
import io.jenkins.plugins.machineid.audit.Allowance;
import io.jenkins.plugins.machineid.audit.Inspection;
import io.jenkins.plugins.machineid.config.AgentFacts;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.issuer.BuildFactsReader;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import jenkins.model.Jenkins;

/**
 * A real join, with a statement that is about no build but about a job. What it brings lasts a minute, lies in the agent's
 * root directory meanwhile, and is given back at once.
 *
 * <p>Only for administrators: the caller has asked. An agent gets nothing by it that a build of the job wouldn't bring
 * there: it is one that the identity allows and that takes the job, and the job is one that the policy allows.
 */
public final class JoinTrial {
    private static final Logger LOGGER = Logger.getLogger(JoinTrial.class.getName());
    /** The name of a job as Jenkins has them; no pattern. */
    private static final Pattern NAME = Pattern.compile("[^*\\p{Cc}/]+(?:/[^*\\p{Cc}/]+)*");
    private static final long TTL_SECONDS = Vocabulary.limit("lifetime_min_seconds");
    /** Seconds: a person waits. */
    private static final long TURN = 20;

    private final Settings settings;
    private final Identity identity;
    private final Cluster cluster;
    private final String job;
    private final String page;

    private JoinTrial(Settings settings, Identity identity, Cluster cluster, String job, String page) {
        this.settings = settings;
        this.identity = identity;
        this.cluster = cluster;
        this.job = job;
        this.page = page;
    }

    /**
     * Waits for the agent.
     *
     * @param job full name of a job that the identity allows
     * @param agent one of {@link #agents}; empty: the first of them, where an administrator has named them
     * @param page where it is asked for, below Jenkins' own address: the statement names it in place of a build's
     */
    public static Tried run(Settings settings, String identityId, String job, String agent, String page) {
        Identity identity = settings.identity(identityId);
        if (identity == null) {
            return Tried.warning(Messages.Check_identityUnknown(identityId));
        }
        if (identity.getJoin().statement().isEmpty()) {
            return Tried.warning(Messages.Try_otherMethod(identityId, identity.getJoin().symbol()));
        }
        if (identity.getJoin().statesAgents()) {
            return Tried.warning(Messages.Try_agentScope(identityId));
        }
        Cluster cluster = settings.cluster(identity.getCluster());
        if (cluster == null) {
            return Tried.warning(Messages.Check_clusterUnknown(identity.getCluster()));
        }
        if (!NAME.matcher(job).matches() || !settings.policy().allows(identityId, job)) {
            return Tried.warning(Messages.Try_job(identityId, job, String.join(" ", identity.getAllowedJobs())));
        }
        if (agent.isEmpty() && !choosesAgent(identity)) {
            return Tried.warning(Messages.Try_agent(identityId));
        }
        return new JoinTrial(settings, identity, cluster, job, page).run(agent);
    }

    /** False: anybody's agent may have it, so a person has to say whom to trust with a statement. */
    public static boolean choosesAgent(Identity identity) {
        return identity.rule().agents().by() == AgentRule.By.NAMES;
    }

    /** Where the identity's joins can be tried now. */
    public static List<String> agents(Identity identity) {
        return TrialAgents.now().names(node -> ConnectionTest.allows(identity, node));
    }

    private Tried run(String wished) {
        TrialAgents agents = TrialAgents.now().only(wished).taking(job);
        Computer computer = agents.first(node -> ConnectionTest.allows(identity, node)).orElse(null);
        Node node = computer == null ? null : computer.getNode();
        if (node == null) {
            return wished.isEmpty()
                    ? agents.none()
                    : Tried.warning(Messages.Try_agentGone(wished, identity.getId()));
        }
        String agent = computer.getDisplayName();
        List<String> lines = new ArrayList<>();
        String name = "";
        try {
            AgentLink link = AgentLink.to(computer);
            Reply seen = ConnectionTest.look(link, agent, cluster, identity);
            name = AgentText.line(seen.text("cluster"));
            lines.add(Messages.Test_ok(agent, ConnectionTest.which(seen)));
            WireForm.tooOld(cluster, identity).ifPresent(lines::add);
            awaitTurn();
            lines.addAll(join(link, computer, node));
            return new Tried(FormValidation.Kind.OK, lines);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Tried.warning(Messages.Test_interrupted(agent));
        } catch (Refusal e) {
            return Tried.warning(e.getMessage());
        } catch (TimeoutException e) {
            lines.add(Messages.Try_turn());
            return new Tried(FormValidation.Kind.WARNING, lines);
        } catch (IOException e) {
            IOException why = e instanceof NativeFailure failure ? JoinAdvice.named(failure, identity) : e;
            lines.add(Messages.Try_failed(agent, job, TrialAgents.sentence(why)));
            if (JoinAdvice.isRefusal(e)) {
                JoinAdvice.otherName(cluster, identity, new JoinAdvice.Said(name, agent)).ifPresent(lines::add);
                lines.add(Messages.Try_resource());
            }
            return new Tried(FormValidation.Kind.ERROR, lines);
        }
    }

    private void awaitTurn() throws InterruptedException, TimeoutException {
        CompletableFuture<Void> place = JoinQueue.of(cluster.getAddress()).enter(job, false);
        try {
            place.get(TURN, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            place.cancel(true);
        }
    }

    private List<String> join(AgentLink link, Computer computer, Node node)
            throws Refusal, IOException, InterruptedException {
        String agent = computer.getDisplayName();
        Grant grant = settings.policy()
                .decide(new Wish(job, identity.getId(), List.of(), TTL_SECONDS), AgentFacts.of(node));
        String who = Jenkins.getAuthentication2().getName();
        LOGGER.info(() -> who + " tries a join of '" + identity.getId() + "' for job " + job + " on " + agent);
        TrialLease lease = new TrialLease(link, agent, Variables.checked(node.getRootPath().getRemote()), grant);
        List<String> lines = new ArrayList<>();
        String end;
        try {
            try (EngineConfig config = NodeLookup.engineConfig(settings, computer, identity.getId());
                    LeaseStatement statement = LeaseStatement.ofBuild(
                            settings, identity.getId(), () -> BuildFactsReader.trial(job, page, node))) {
                lines.addAll(joined(lease.take(config, statement), lease.allowance()));
            }
        } finally {
            end = lease.giveBack();
        }
        lines.add(end);
        return lines;
    }

    private List<String> joined(Reply reply, Allowance allowed) throws AbortException {
        List<Reply> certificates = reply.objects("certificates");
        Instant now = Instant.now();
        String fault = certificates.isEmpty() ? Messages.Audit_none() : null;
        for (Reply each : certificates) {
            fault = fault == null ? Inspection.fault(allowed, each, certificates.get(0).text("key_id"), now) : fault;
        }
        if (fault != null) {
            throw AuditViolation.of(allowed.agent(), page, fault);
        }
        Reply first = certificates.get(0);
        return List.of(
                Messages.Try_joined(first.text("key_id"), job, allowed.agent()),
                Messages.Try_may(
                        String.join(", ", first.texts("roles")),
                        String.join(", ", first.texts("principals")),
                        first.text("valid_until"),
                        Durations.text(TTL_SECONDS)));
    }
}

// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Refusal.Rule;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Decides a wish. Pure: the same values give the same answer, at the start of a block and after a restart. */
public final class Policy {
    /** Lifetime of a certificate when neither the block nor the identity says less: 1 hour. */
    public static final long DEFAULT_TTL_SECONDS = Vocabulary.limit("lifetime_default_seconds");

    private final Map<String, ReadRule> rules = new TreeMap<>();
    /** Those among them that folders define. */
    private final List<ReadRule> ofFolders;
    /** What is wrong with identities of folders that can't be had, by name. */
    private final Map<String, String> faults;
    private final Consumer<Refusal> log;

    /**
     * @param rules by identity
     * @param log is told of each refusal, with its detail
     */
    public Policy(Map<String, IdentityRule> rules, Consumer<Refusal> log) {
        rules.forEach((id, rule) -> this.rules.put(id, new ReadRule(rule)));
        this.ofFolders = List.of();
        this.faults = Map.of();
        this.log = log;
    }

    private Policy(Policy base, Map<String, IdentityRule> more, Map<String, String> faults) {
        rules.putAll(base.rules);
        ofFolders = more.values().stream().map(ReadRule::new).toList();
        ofFolders.forEach(rule -> rules.put(rule.id(), rule));
        this.faults = Map.copyOf(faults);
        this.log = base.log;
    }

    /**
     * As folders extend it.
     *
     * @param more of folders, by name, as {@link IdentityName} has it
     * @param faults what is wrong with others of theirs, by name, as a sentence
     */
    public Policy with(Map<String, IdentityRule> more, Map<String, String> faults) {
        return new Policy(this, more, faults);
    }

    /** The whole policy for one wish. */
    public Grant decide(Wish wish, NodeFacts node) throws Refusal {
        return told(() -> {
            ReadRule known = identity(wish, node);
            node(known, node);
            if (wish.job() == null) {
                standing(known, node);
            }
            return new Grant(known.id(), roles(wish, known.rule()), ttl(wish, known.rule()));
        });
    }

    /** Whether what was granted may still be held. */
    public void confirm(Grant granted, String job, NodeFacts node) throws Refusal {
        decide(new Wish(job, granted.identity(), granted.roles(), granted.ttlSeconds()), node);
        told(() -> {
            // Granted was whatever the bot may take; now there is a list, and which of it was taken nobody knows.
            if (granted.roles().isEmpty() && !rules.get(granted.identity()).rule().roles().isEmpty()) {
                throw new Refusal(
                        Rule.ROLE_NOT_ALLOWED,
                        Messages.Policy_rolesNarrowed(granted.identity()),
                        "job " + job + " has all roles of the bot");
            }
            return null;
        });
    }

    /** Whether the node may have anything of the identity: asked again where a token is about to be sent. */
    public void requireAgent(String identity, NodeFacts node) throws Refusal {
        told(() -> {
            ReadRule known = rules.get(identity);
            if (known == null) {
                throw unknown(identity, node);
            }
            node(known, node);
            return null;
        });
    }

    /**
     * Whether an agent may bring the credential as its own token. Who configures the agent has written its id there, and
     * may be nobody who may use each of the system's credentials: so the identity says which.
     */
    public void requireCredential(String identity, NodeFacts node, String credential) throws Refusal {
        told(() -> {
            if (!takesCredential(identity, credential)) {
                throw new Refusal(
                        Rule.CREDENTIAL_NOT_ALLOWED,
                        Messages.Policy_credential(identity, node.shown()),
                        "agent '" + node.name() + "' brings credential '" + credential.replaceAll("\\p{Cntrl}", "?") + "'");
            }
            return null;
        });
    }

    /** For forms: as above. */
    public boolean takesCredential(String identity, String credential) {
        ReadRule known = rules.get(identity);
        return known != null && known.takes(credential);
    }

    /** For forms and the queue: whether the job may use it at all. */
    public boolean allows(String identity, String job) {
        try {
            ReadRule known = meant(identity, job);
            return known != null && known.allows(job);
        } catch (Refusal refused) {
            return false;
        }
    }

    /**
     * What a job means by an id: an administrator's identity, or that of the nearest folder above it which has one, also where
     * something is wrong with that. Never one of both, and never a farther one in its place: a folder must not come between a
     * job and what an administrator has given it, and a slip in a folder must not make a job another bot.
     *
     * @return null: there is none
     */
    private ReadRule meant(String identity, String job) throws Refusal {
        ReadRule ofFolder = ofFolders.stream()
                .filter(rule -> rule.isOfFolderAbove(job) && isCalled(rule.id(), identity))
                .max(Comparator.comparingInt(rule -> IdentityName.folder(rule.id()).length()))
                .orElse(null);
        String faulty = faults.keySet().stream()
                .filter(name -> job.startsWith(IdentityName.folder(name) + "/") && isCalled(name, identity))
                .max(Comparator.comparingInt(name -> IdentityName.folder(name).length()))
                .orElse(null);
        // Of folders above one job the longer name is the nearer one.
        boolean nearer = faulty != null
                && (ofFolder == null || IdentityName.folder(faulty).length() > IdentityName.folder(ofFolder.id()).length());
        ReadRule own = IdentityName.folder(identity).isEmpty() ? rules.get(identity) : null;
        if (nearer && own == null) {
            throw new Refusal(Rule.FOLDER_NOT_ALLOWED, faults.get(faulty), "job " + job + " asks");
        }
        if (ofFolder == null) {
            return own;
        }
        String id = IdentityName.id(ofFolder.id());
        if (rules.containsKey(id)) {
            throw new Refusal(
                    Rule.IDENTITY_TWICE,
                    Messages.Policy_identityTwice(IdentityName.folder(ofFolder.id()), id),
                    "job " + job + " asks");
        }
        return ofFolder;
    }

    /** A folder with which something is wrong as a whole has each id. */
    private static boolean isCalled(String name, String identity) {
        String folder = IdentityName.folder(identity);
        return name.equals(identity)
                || IdentityName.id(name).equals(identity)
                || IdentityName.id(name).equals(IdentityName.EACH) && (folder.isEmpty() || folder.equals(IdentityName.folder(name)));
    }

    /** For what agents say: whether the node may have anything of the identity. No refusal is told of. */
    public boolean mayHave(String identity, NodeFacts node) {
        ReadRule known = rules.get(identity);
        if (known == null) {
            return false;
        }
        try {
            node(known, node);
            return true;
        } catch (Refusal refused) {
            return false;
        }
    }

    /** For forms and rules: whether the node may have it. */
    public boolean names(String identity, NodeFacts node) {
        ReadRule known = rules.get(identity);
        return known != null && known.names(node);
    }

    /** For forms: the identities that the job may use. */
    public List<String> usableBy(String job) {
        return rules.keySet().stream().filter(identity -> allows(identity, job)).toList();
    }

    /** For forms: the identities that the node may have, if its own configuration names them. */
    public List<String> openTo(NodeFacts node) {
        return rules.values().stream().filter(known -> known.names(node)).map(ReadRule::id).toList();
    }

    /**
     * Whether an agent that keeps something of these identities may run a job.
     *
     * @param job null: a task of which no job is known
     */
    public boolean anyAllows(Collection<String> identities, String job) {
        return job != null && identities.stream().anyMatch(identity -> allows(identity, job));
    }

    /** An agent that has it keeps a secret of it on disk; one that isn't configured any more may have left some. */
    public boolean keepsState(String identity) {
        ReadRule known = rules.get(identity);
        return known == null || known.rule().keepsState();
    }

    /** Some identity keeps a secret on its agents. */
    public boolean keepsAny() {
        return rules.values().stream().anyMatch(known -> known.rule().keepsState());
    }

    /** The identities that keep a secret on a node that names none itself. */
    public List<String> keptOn(NodeFacts node) {
        return rules.values().stream()
                .filter(known -> known.rule().keepsState() && known.fits(node))
                .map(ReadRule::id)
                .toList();
    }

    private ReadRule identity(Wish wish, NodeFacts node) throws Refusal {
        String id = node.chosen(wish.identity());
        if (id.isEmpty()) {
            throw new Refusal(
                    Rule.IDENTITY_MISSING,
                    Messages.Policy_identityMissing(node.shown()),
                    "it is bound to " + node.identities());
        }
        String job = wish.job();
        ReadRule known = job == null ? rules.get(id) : meant(id, job);
        if (known != null && wish.identity().isEmpty() && !known.isAdministrators()) {
            // What an agent names was named by whoever knows administrators' identities alone.
            known = null;
        }
        if (job == null) {
            if (known == null) {
                throw unknown(id, node);
            }
            return known;
        }
        if (known == null || !known.allows(job)) {
            // One sentence for both: a job must not find out which identities there are.
            String asked = wish.identity().isEmpty()
                    ? Messages.Policy_defaultIdentity(node.shown())
                    : Messages.Policy_identity(id);
            throw new Refusal(
                    Rule.JOB_NOT_ALLOWED,
                    Messages.Policy_job(job, asked),
                    known == null
                            ? "identity '" + id + "' is not configured"
                            : "identity '" + id + "' allows " + known.rule().allowedJobs());
        }
        return known;
    }

    private static Refusal unknown(String id, NodeFacts node) {
        return new Refusal(
                Rule.NODE_NOT_ALLOWED,
                Messages.Policy_node(id, node.shown()),
                "identity '" + id + "' is not configured");
    }

    private static void node(ReadRule known, NodeFacts node) throws Refusal {
        if (node.builtIn() && !known.rule().builtInNodeAllowed()) {
            String why = known.isAdministrators()
                    ? Messages.Policy_builtInNode(known.id())
                    : Messages.Policy_folderBuiltIn(known.id());
            throw new Refusal(Rule.BUILT_IN_NODE, why, "");
        }
        if (!known.names(node)) {
            throw new Refusal(
                    Rule.NODE_NOT_ALLOWED, Messages.Policy_node(known.id(), node.shown()), known.why(node));
        }
        if (node.bound() && !node.identities().contains(known.id())) {
            throw new Refusal(
                    Rule.NODE_NOT_ALLOWED,
                    known.isAdministrators()
                            ? Messages.Policy_node(known.id(), node.shown())
                            : Messages.Policy_folderNode(known.id(), node.shown()),
                    "the agent's own configuration names " + node.identities());
        }
    }

    /** It serves whichever job runs there. */
    private static void standing(ReadRule known, NodeFacts node) throws Refusal {
        if (!node.gated() && !known.allowsAllJobs()) {
            throw new Refusal(
                    Rule.STANDING_OPEN,
                    Messages.Policy_standing(known.id(), node.shown()),
                    "identity '" + known.id() + "' allows " + known.rule().allowedJobs());
        }
    }

    private static List<String> roles(Wish wish, IdentityRule rule) throws Refusal {
        if (wish.roles().isEmpty()) {
            return rule.roles();
        }
        for (String role : wish.roles()) {
            if (!rule.roles().isEmpty() && !rule.roles().contains(role)) {
                throw new Refusal(
                        Rule.ROLE_NOT_ALLOWED, Messages.Policy_role(role, rule.id()), asks(wish) + "; the identity has " + rule.roles());
            }
        }
        return wish.roles();
    }

    private static long ttl(Wish wish, IdentityRule rule) throws Refusal {
        if (wish.ttlSeconds() == 0) {
            return Math.min(DEFAULT_TTL_SECONDS, rule.maxTtlSeconds());
        }
        if (wish.ttlSeconds() > rule.maxTtlSeconds()) {
            throw new Refusal(
                    Rule.TTL_TOO_LONG,
                    Messages.Policy_ttl(
                            Durations.text(wish.ttlSeconds()), Durations.text(rule.maxTtlSeconds()), rule.id()),
                    asks(wish));
        }
        return wish.ttlSeconds();
    }

    private static String asks(Wish wish) {
        return wish.job() == null ? "a standing destination asks" : "job " + wish.job() + " asks";
    }

    /** A decision. */
    private interface Decision<T> {
        T make() throws Refusal;
    }

    private <T> T told(Decision<T> decision) throws Refusal {
        try {
            return decision.make();
        } catch (Refusal refusal) {
            log.accept(refusal);
            throw refusal;
        }
    }
}

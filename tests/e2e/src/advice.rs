//! What is said to do about a refused join, for each kind of refusal: tests compare whole sentences with it.

macro_rules! advice {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*
    };
}

advice! {
    /// The name of a token resource is wrong.
    NAME = "check the token's name, and that the token resource on the cluster (`tctl get token/NAME`) is there and hasn't \
            expired";
    /// Another method is configured.
    METHOD = "configure the join method that the token resource on the cluster (`tctl get token/NAME`) names";
    /// No proof where one is due.
    PROOF = "configure the join method that the token resource on the cluster (`tctl get token/NAME`) names; it isn't one \
             without proof";
    /// Genuine, but nobody whom the token allows.
    RULES = "the proof is genuine, but no allow rule of the token resource on the cluster (`tctl get token/NAME`) fits it";
    /// A key that the cluster doesn't know.
    UNKNOWN_KEY = "the issuer's key isn't in the token resource on the cluster (`tctl get token/NAME`), or the issuer \
                   doesn't publish it: was it rotated?";
    /// Another key has signed.
    SIGNATURE = "the proof isn't signed with the key that the token resource on the cluster (`tctl get token/NAME`) lists; \
                 check the key's id";
    /// Another audience.
    AUDIENCE = "issue the ID token for the audience that the message names: the cluster's name for kubernetes and gitlab, \
                teleport.cluster.local for github and gcp";
    /// Too old, too early.
    TIME = "the ID token is too old, or the clocks of issuer and cluster differ; check both";
    /// Valid for too long.
    LIFETIME = "issue the ID token for less than 30 minutes";
    /// Another issuer.
    ISSUER = "make the issuer in the token resource on the cluster (`tctl get token/NAME`) equal to the ID token's, to the \
              last slash";
    /// The issuer's keys can't be had.
    ISSUER_UNREACHABLE = "the auth server can't reach or doesn't trust the issuer: check its network, and the issuer's \
                          certificate";
    /// An algorithm that isn't taken.
    ALGORITHM = "sign the ID token with RS256";
    /// A claim that can't be read, or isn't there.
    CLAIM = "the issuer's ID token isn't one of this join method; ids must be texts";
    /// What has no kind of its own.
    OTHER = "check the token resource on the cluster (`tctl get token/NAME`): its name, its join method, and whether its \
             allow rules fit";
    /// AWS' own refusal.
    STS = "AWS refused the signed request: check this machine's clock, and that its AWS credentials are valid";
    /// A host of STS that the cluster doesn't know.
    STS_HOST = "the cluster doesn't take this region's STS host: set AWS_REGION to one that it knows";
    /// A host of STS without FIPS.
    FIPS = "the cluster is a FIPS one: switch the join method's setting fips on";
    /// A defect of ours.
    CHALLENGE = "report this: the answer to the cluster's challenge wasn't right";
    /// Teleport Enterprise alone has the method.
    ENTERPRISE = "choose a join method that this edition of Teleport has";
    /// The server's own limit of a minute.
    TIMED_OUT = "the proof took too long: look at what it waits for, and try again";
    /// The first join of a bound key.
    REGISTRATION = "the registration secret is missing, wrong or too late: make a fresh one on the cluster";
    /// No recovery is left.
    RECOVERIES = "raise spec.bound_keypair.recovery.limit in the token resource on the cluster (`tctl get token/NAME`), or \
                  find out who recovers so often";
    /// A state that is missing or old.
    STATE = "the state of the last join is gone or old: set the recovery mode in the token resource on the cluster (`tctl \
             get token/NAME`) to insecure for one join (with a static key it has to stay so), and remove a lock of the token \
             (`tctl get locks`)";
    /// The bot's or its instance's lock.
    LOCK = "look at `tctl get locks` on the cluster and remove the lock";
    /// A join token's lock.
    TOKEN_LOCK = "look at `tctl get locks` on the cluster: find out who used an old state of this token, then remove the \
                  lock";
    /// No ID token on this machine.
    NO_ID_TOKEN = "this method works only where its platform provides an ID token; check the job's settings or choose \
                   another join method";
    /// No ID token from what the configuration names.
    NO_NAMED_TOKEN = "check the variable, the command or the file that the configuration names for the ID token";
}

//! The join methods: one file each, which owns the method's name, its settings in the JSON contract and in `tbot.yaml`,
//! what becomes of the identity, and what proves a join. Pure: nothing here opens a file or a socket.
//!
//! A new method is its file and its two lines below; everything else reads [`JoinMethod::ALL`].

mod azure;
mod azure_devops;
mod bitbucket;
mod bound_keypair;
mod circleci;
mod env0;
mod gcp;
mod generic_oidc;
mod github;
mod gitlab;
mod iam;
mod id_token;
mod join_uri;
mod kubernetes;
mod setting;
mod spacelift;
mod terraform_cloud;
mod token;

pub use id_token::{Absent, IdTokenPlace, Lookup, Service, Verb, looked_up, required};
pub use join_uri::JoinUri;
pub use setting::{Kind, Setting, Settings, Value};

/// Declares the closed list from the modules above.
macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $file:ident,)*) => {
        /// The join methods that are built.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum JoinMethod {
            $($(#[$doc])* $name,)*
        }

        impl JoinMethod {
            /// All of them, in the order in which they are offered.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What there is to know about it.
            #[must_use]
            pub const fn spec(self) -> &'static Spec {
                match self {
                    $(Self::$name => &$file::SPEC,)*
                }
            }
        }
    };
}

methods! {
    /// A secret; the identity is renewable.
    Token = token,
    /// A long-term key that the cluster knows.
    BoundKeypair = bound_keypair,
    /// An AWS identity: of an EC2 instance, an EKS pod, an ECS task, or whoever holds keys.
    Iam = iam,
    /// The managed identity of a virtual machine in Azure.
    Azure = azure,
    /// A Kubernetes service account token.
    Kubernetes = kubernetes,
    /// GitHub Actions.
    Github = github,
    /// GitLab CI.
    Gitlab = gitlab,
    /// CircleCI.
    CircleCi = circleci,
    /// Spacelift.
    Spacelift = spacelift,
    /// Terraform Cloud.
    TerraformCloud = terraform_cloud,
    /// Bitbucket Pipelines.
    Bitbucket = bitbucket,
    /// Azure Pipelines.
    AzureDevops = azure_devops,
    /// env0.
    Env0 = env0,
    /// Google Cloud.
    Gcp = gcp,
    /// Any issuer of ID tokens.
    GenericOidc = generic_oidc,
}

/// Join methods of Teleport that aren't built, and why or what instead.
pub const NOT_BUILT: &[(&str, &str)] = &[
    ("tpm", "isn't built here: it needs a TPM and Teleport Enterprise"),
    ("oracle", "isn't built here: it works in Oracle Cloud only"),
    ("ec2", "isn't for bots; take iam"),
];

/// A join method.
#[derive(Debug)]
pub struct Spec {
    /// Teleport's name of it (protocol C).
    pub name: &'static str,
    /// Its section below `onboarding` in `tbot.yaml`, where tbot has one.
    pub tbot_section: Option<&'static str>,
    /// What can be set.
    pub settings: &'static [Setting],
    /// Names of settings of which at most one may be given.
    pub at_most_one: &'static [&'static str],
    /// Whether one of them has to be given: there is no usual place.
    pub needs_one: bool,
    /// What comes of a join.
    pub identity: Identity,
    /// What proves a join.
    pub proof: Proof,
    /// How the old join services take it.
    pub legacy: Legacy,
    /// The first version of Teleport with it, for messages.
    pub since: &'static str,
    /// The setting that a joining URI's parameter is.
    pub uri_parameter: Option<&'static str>,
}

/// How the join services before `teleport.join.v1` take a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legacy {
    /// In one request.
    Request,
    /// By a stream, for a challenge.
    Stream,
    /// Not at all.
    None,
}

/// What comes of a join, and so how it stays fresh and where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// It renews itself with its own certificate. Its token works once, so it has to be kept on disk.
    Renewable,
    /// Each renewal is a new join with a new proof: it lives in memory only.
    Rejoined,
    /// Each renewal is a new exchange, with the certificate at hand and a key that is kept on disk.
    BoundKey,
}

/// What proves a join.
#[derive(Clone, Copy, Debug)]
pub enum Proof {
    /// Knowing the token, which is a secret.
    Token,
    /// An ID token of the platform; the join token's name is no secret.
    IdToken(fn(&Settings, Lookup<'_>) -> Result<IdTokenPlace, Absent>),
    /// A request to AWS' STS, signed for the server's challenge.
    Aws,
    /// A document of Azure's metadata service for the server's challenge, and a token of the managed identity.
    Azure,
    /// The signature of a key that the cluster knows, over the server's challenge.
    BoundKey,
}

impl JoinMethod {
    /// Teleport's name of the method.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.spec().name
    }

    /// The method of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.as_str() == name)
    }

    /// Whether the token is a secret that works once, rather than the name of a token resource.
    #[must_use]
    pub const fn has_secret_token(self) -> bool {
        matches!(self.spec().proof, Proof::Token)
    }

    /// Whether what a join brings has to be kept on disk: it can't be had again without somebody's help.
    #[must_use]
    pub const fn is_stored(self) -> bool {
        !matches!(self.spec().identity, Identity::Rejoined)
    }

    /// Whether the identity renews itself with its own certificate.
    #[must_use]
    pub const fn renewable(self) -> bool {
        matches!(self.spec().identity, Identity::Renewable)
    }
}

#[cfg(test)]
mod tests;

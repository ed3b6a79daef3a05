//! Each refusal of each join method's section, with the whole line that tells it (join-methods 1.3, 2.2, 2.5, 3.1 to 3.9,
//! 5): what is wrong, on which versions, and the line with its code. Where the double can't be brought to a refusal it is
//! given the words of the real server ([`TokenOptions::refusal`](teleport_double::TokenOptions)).
//!
//! | method | where |
//! |---|---|
//! | token | `token` |
//! | kubernetes | `kubernetes` |
//! | gitlab, github, with keys that the token lists | `given_keys` |
//! | github, gitlab, circleci, spacelift, terraform_cloud, bitbucket, azure_devops, env0 | `fetched_keys` |
//! | gcp | `gcp` |
//! | generic_oidc | `generic_oidc` |
//! | iam | `iam` |
//! | bound_keypair | `bound_keypair` |
//! | azure | `azure.rs` |

mod bound_keypair;
mod fetched_keys;
mod gcp;
mod generic_oidc;
mod given_keys;
mod iam;
mod kubernetes;
mod row;
mod token;

//! The part of Teleport's gRPC surface that a bot uses.
//!
//! One module for each protobuf package, with its messages and service clients;
//! feature `server` adds the server traits, for test doubles. Everything is
//! generated from `proto/*.proto` and checked in, so that a build needs no
//! protobuf compiler; `tests/bootstrap.rs` keeps the two in step:
//!
//! ```text
//! BLESS=1 cargo test -p teleport-api --test bootstrap
//! ```
//!
//! The `.proto` files are written by hand from the project's protocol document
//! and hold only what it states. Unknown fields are skipped when decoding and are
//! therefore not encoded again.
//!
//! Messages carry tokens and secrets as plain strings and bytes, and their `Debug`
//! form shows them: do not log them.

/// Generated modules, nested as the packages are because they refer to each other by `super`.
mod generated {
    #[allow(missing_docs, clippy::all, clippy::as_conversions, clippy::missing_errors_doc)]
    pub mod proto {
        include!("generated/proto.rs");
    }

    #[allow(missing_docs, clippy::all, clippy::as_conversions, clippy::missing_errors_doc)]
    pub mod types {
        include!("generated/types.rs");
    }

    pub(crate) mod teleport {
        pub(crate) mod join {
            #[allow(missing_docs, clippy::all, clippy::as_conversions, clippy::missing_errors_doc)]
            pub mod v1 {
                include!("generated/teleport.join.v1.rs");
            }
        }

        pub(crate) mod machineid {
            #[allow(missing_docs, clippy::all, clippy::as_conversions, clippy::missing_errors_doc)]
            pub mod v1 {
                include!("generated/teleport.machineid.v1.rs");
            }
        }

        pub(crate) mod transport {
            #[allow(missing_docs, clippy::all, clippy::as_conversions, clippy::missing_errors_doc)]
            pub mod v1 {
                include!("generated/teleport.transport.v1.rs");
            }
        }

        pub(crate) mod trust {
            #[allow(missing_docs, clippy::all, clippy::as_conversions, clippy::missing_errors_doc)]
            pub mod v1 {
                include!("generated/teleport.trust.v1.rs");
            }
        }
    }
}

/// Package `proto`: `AuthService`, and the join streams of `JoinService`.
#[doc(inline)]
pub use generated::proto as auth;

/// Package `teleport.join.v1`: the join stream of version 18.2 and later.
#[doc(inline)]
pub use generated::teleport::join::v1 as join;

/// Package `teleport.machineid.v1`: what bots report about themselves.
#[doc(inline)]
pub use generated::teleport::machineid::v1 as machineid;

/// Package `teleport.transport.v1`: SSH and auth connections through the proxy.
#[doc(inline)]
pub use generated::teleport::transport::v1 as transport;

/// Package `teleport.trust.v1`: certificate authorities.
#[doc(inline)]
pub use generated::teleport::trust::v1 as trust;

/// Package `types`: resources shared by the services.
#[doc(inline)]
pub use generated::types;

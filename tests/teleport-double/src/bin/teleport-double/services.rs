//! Databases and applications behind the double.

use std::path::Path;

use teleport_double::{Double, DoubleError};

/// What is behind the cluster beside hosts and Kubernetes clusters.
#[derive(Debug, clap::Args)]
pub(crate) struct Services {
    /// A database: NAME=PROTOCOL@HOST:PORT of a real server.
    #[arg(long = "database", value_name = "NAME=PROTOCOL@ADDR")]
    databases: Vec<String>,
    /// A database server's public key (DER) to be certified by the database CA: the certificate is written to FILE.crt, the
    /// CA to FILE.ca, both PEM.
    #[arg(long = "database-key", value_name = "FILE")]
    database_keys: Vec<String>,
    /// An application: NAME=URI.
    #[arg(long = "app", value_name = "NAME=URI")]
    apps: Vec<String>,
}

impl Services {
    /// Adds them all.
    pub(crate) fn add(&self, double: &Double) -> Result<(), DoubleError> {
        for (name, server) in super::pairs(&self.databases, "database in the form NAME=PROTOCOL@ADDR")? {
            let (protocol, address) = server.split_once('@').ok_or_else(|| DoubleError::Unknown {
                kind: "database in the form NAME=PROTOCOL@ADDR",
                name: name.clone(),
            })?;
            double.add_database(&name, protocol, address);
        }
        for file in &self.database_keys {
            let key = std::fs::read(file).map_err(|source| DoubleError::Write { path: file.clone(), source })?;
            super::replace(Path::new(&format!("{file}.crt")), &double.certify_database(&key)?)?;
            super::replace(Path::new(&format!("{file}.ca")), &double.database_ca_pem())?;
        }
        for (name, uri) in super::pairs(&self.apps, "application in the form NAME=URI")? {
            double.add_app(&name, &uri);
        }
        Ok(())
    }
}

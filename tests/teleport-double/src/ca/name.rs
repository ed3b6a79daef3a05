//! Distinguished names as Teleport writes them (protocol section F2).

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{ObjectIdentifier, SetOfVec};
use x509_cert::der::{Any, Tag};
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};

use crate::error::DoubleError;

pub(crate) const CN: &str = "2.5.4.3";
pub(crate) const SERIAL_NUMBER: &str = "2.5.4.5";
pub(crate) const LOCALITY: &str = "2.5.4.7";
pub(crate) const STREET: &str = "2.5.4.9";
pub(crate) const ORGANIZATION: &str = "2.5.4.10";
pub(crate) const UNIT: &str = "2.5.4.11";
pub(crate) const POSTAL_CODE: &str = "2.5.4.17";
pub(crate) const KUBE_USER: &str = "1.3.9999.1.1";
pub(crate) const KUBE_GROUP: &str = "1.3.9999.1.2";
pub(crate) const KUBE_CLUSTER: &str = "1.3.9999.1.3";
pub(crate) const APP_SESSION: &str = "1.3.9999.1.4";
pub(crate) const APP_CLUSTER: &str = "1.3.9999.1.5";
pub(crate) const APP_ADDRESS: &str = "1.3.9999.1.6";
pub(crate) const TELEPORT_CLUSTER: &str = "1.3.9999.1.7";
pub(crate) const APP_NAME: &str = "1.3.9999.1.10";
pub(crate) const RENEWABLE: &str = "1.3.9999.1.13";
pub(crate) const GENERATION: &str = "1.3.9999.1.14";
pub(crate) const KEY_POLICY: &str = "1.3.9999.1.15";
pub(crate) const DB_SERVICE: &str = "1.3.9999.2.1";
pub(crate) const DB_PROTOCOL: &str = "1.3.9999.2.2";
pub(crate) const DB_USER: &str = "1.3.9999.2.3";
pub(crate) const DB_NAME: &str = "1.3.9999.2.4";
pub(crate) const IMPERSONATOR: &str = "1.3.9999.2.7";
pub(crate) const DISALLOW_REISSUE: &str = "1.3.9999.2.9";
pub(crate) const BOT_NAME: &str = "1.3.9999.2.18";
pub(crate) const BOT_INSTANCE: &str = "1.3.9999.2.20";

/// Builds a name, one relative name after the other.
#[derive(Debug, Default)]
pub(crate) struct NameBuilder(Vec<RelativeDistinguishedName>);

impl NameBuilder {
    /// One relative name with all `values`, as Go writes repeated attributes; nothing if there are none.
    pub(crate) fn multi(mut self, oid: &str, values: &[String]) -> Result<Self, DoubleError> {
        let mut seen = Vec::new();
        for value in values {
            let attribute = attribute(oid, value)?;
            if !seen.contains(&attribute) {
                seen.push(attribute);
            }
        }
        if !seen.is_empty() {
            self.0.push(RelativeDistinguishedName(SetOfVec::try_from(seen)?));
        }
        Ok(self)
    }

    /// A relative name of its own for each of `values`.
    pub(crate) fn each(mut self, oid: &str, values: &[String]) -> Result<Self, DoubleError> {
        for value in values {
            self = self.multi(oid, std::slice::from_ref(value))?;
        }
        Ok(self)
    }

    /// One attribute, left out when empty.
    pub(crate) fn one(self, oid: &str, value: &str) -> Result<Self, DoubleError> {
        if value.is_empty() { Ok(self) } else { self.multi(oid, &[value.to_owned()]) }
    }

    pub(crate) fn build(self) -> RdnSequence {
        RdnSequence(self.0)
    }
}

fn attribute(oid: &str, value: &str) -> Result<AttributeTypeAndValue, DoubleError> {
    let printable = value.bytes().all(|b| b.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&b));
    let tag = if printable { Tag::PrintableString } else { Tag::Utf8String };
    let oid = ObjectIdentifier::new(oid).map_err(|error| DoubleError::Key(error.to_string()))?;
    Ok(AttributeTypeAndValue { oid, value: Any::new(tag, value.as_bytes())? })
}

/// All values of attribute `oid` in `name`, in order.
pub(crate) fn values(name: &RdnSequence, oid: &str) -> Vec<String> {
    name.0
        .iter()
        .flat_map(|rdn| rdn.0.iter())
        .filter(|attribute| attribute.oid.to_string() == oid)
        .map(|attribute| String::from_utf8_lossy(attribute.value.value()).into_owned())
        .collect()
}

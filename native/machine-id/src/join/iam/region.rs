//! Which STS answers for us: its region and host, without I/O (facts: join-methods 3.2).

/// Where bots from version 17 on fall back to.
pub(super) const DEFAULT: &str = "us-east-1";

/// An STS endpoint that the auth server is asked to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::join) struct StsHost {
    name: String,
    region: String,
}

impl StsHost {
    /// Host name.
    pub(in crate::join) fn name(&self) -> &str {
        &self.name
    }

    /// The region that the request is signed for.
    pub(super) fn region(&self) -> &str {
        &self.region
    }
}

/// The hosts to try, in order: the regional one, which servers from 11 on take, and the global one, which is all that
/// servers 9 and 10 take, and the way for regions that a server doesn't know yet.
pub(super) fn hosts(region: &str, fips: bool) -> Vec<StsHost> {
    let host = |name: String, region: &str| StsHost { name, region: region.to_owned() };
    if fips {
        // us-gov's plain hosts are FIPS; other partitions have none.
        return vec![match region {
            "us-east-1" | "us-east-2" | "us-west-1" | "us-west-2" => {
                host(format!("sts-fips.{region}.amazonaws.com"), region)
            }
            gov if gov.starts_with("us-gov-") => host(format!("sts.{gov}.amazonaws.com"), gov),
            _ => host(format!("sts-fips.{DEFAULT}.amazonaws.com"), DEFAULT),
        }];
    }
    let global = || host("sts.amazonaws.com".to_owned(), DEFAULT);
    if region == "aws-global" {
        return vec![global()];
    }
    let (suffix, in_global) = partition(region);
    let regional = host(format!("sts.{region}.{suffix}"), region);
    if in_global { vec![regional, global()] } else { vec![regional] }
}

/// The suffix of a region's hosts, and whether its credentials are good at the global one.
fn partition(region: &str) -> (&'static str, bool) {
    const OWN: [(&str, &str); 7] = [
        ("cn-", "amazonaws.com.cn"),
        ("us-gov-", "amazonaws.com"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("us-isof-", "csp.hci.ic.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
        ("eusc-", "amazonaws.eu"),
    ];
    let own = OWN.iter().find(|(prefix, _)| region.starts_with(prefix));
    own.map_or(("amazonaws.com", true), |(_, suffix)| (suffix, false))
}

/// Whether `text` can be a region's name: it becomes part of a host's.
pub(super) fn is_region(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (3..=32).contains(&text.len()) && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(region: &str, fips: bool) -> Vec<String> {
        hosts(region, fips).into_iter().map(|host| format!("{} {}", host.name, host.region)).collect()
    }

    #[test]
    fn the_regional_host_comes_first_and_the_global_one_where_it_knows_the_credentials() {
        let global = "sts.amazonaws.com us-east-1";
        for (region, expected) in [
            ("us-east-1", vec!["sts.us-east-1.amazonaws.com us-east-1", global]),
            ("eu-central-1", vec!["sts.eu-central-1.amazonaws.com eu-central-1", global]),
            ("mx-central-1", vec!["sts.mx-central-1.amazonaws.com mx-central-1", global]),
            ("aws-global", vec![global]),
            ("cn-north-1", vec!["sts.cn-north-1.amazonaws.com.cn cn-north-1"]),
            ("us-gov-west-1", vec!["sts.us-gov-west-1.amazonaws.com us-gov-west-1"]),
            ("us-iso-east-1", vec!["sts.us-iso-east-1.c2s.ic.gov us-iso-east-1"]),
            ("us-isob-east-1", vec!["sts.us-isob-east-1.sc2s.sgov.gov us-isob-east-1"]),
            ("us-isof-south-1", vec!["sts.us-isof-south-1.csp.hci.ic.gov us-isof-south-1"]),
            ("eu-isoe-west-1", vec!["sts.eu-isoe-west-1.cloud.adc-e.uk eu-isoe-west-1"]),
            ("eusc-de-east-1", vec!["sts.eusc-de-east-1.amazonaws.eu eusc-de-east-1"]),
        ] {
            assert_eq!(names(region, false), expected, "{region}");
        }
    }

    #[test]
    fn fips_hosts_are_where_aws_has_them_and_have_no_second() {
        for (region, expected) in [
            ("us-east-1", "sts-fips.us-east-1.amazonaws.com us-east-1"),
            ("us-east-2", "sts-fips.us-east-2.amazonaws.com us-east-2"),
            ("us-west-1", "sts-fips.us-west-1.amazonaws.com us-west-1"),
            ("us-west-2", "sts-fips.us-west-2.amazonaws.com us-west-2"),
            ("us-gov-east-1", "sts.us-gov-east-1.amazonaws.com us-gov-east-1"),
            ("eu-central-1", "sts-fips.us-east-1.amazonaws.com us-east-1"),
            ("aws-global", "sts-fips.us-east-1.amazonaws.com us-east-1"),
        ] {
            assert_eq!(names(region, true), [expected], "{region}");
        }
    }

    #[test]
    fn a_region_becomes_part_of_a_host_name_only_if_it_can_be_one() {
        for good in ["us-east-1", "ap-southeast-2", "aws-global", "us-gov-west-1"] {
            assert!(is_region(good), "{good}");
        }
        for bad in ["", "us", "US-EAST-1", "evil.example.com/", "a.b.c", "us-east-1\r\nx", "-us-1", "ü-east-1"] {
            assert!(!is_region(bad), "{bad:?}");
        }
    }
}

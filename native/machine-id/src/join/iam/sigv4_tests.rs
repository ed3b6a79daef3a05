//! The cases of AWS' published test suite whose path is `/` and that have no query: values from awslabs/aws-c-auth,
//! tests/aws-signing-test-suite/v4 (commit 495329c2433034bd8fd53fc6ba9e0202d3fac876), of each the request, the hash of
//! its canonical form (last line of `header-string-to-sign.txt`) and `header-signature.txt`.

use super::*;
use crate::secret::Secret;

struct Vector {
    name: &'static str,
    method: &'static str,
    /// Without `Host` and `X-Amz-Date`, which all cases have.
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signed_headers: &'static str,
    canonical_hash: &'static str,
    signature: &'static str,
}

const TOKEN: &str = concat!(
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwth",
    "Ax7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXA",
    "kiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
);

const BODY_HASH: &str = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
const HOST_AND_DATE: &str = "host;x-amz-date";

#[rustfmt::skip]
const VECTORS: &[Vector] = &[
    Vector { name: "get-vanilla", method: "GET", headers: &[], body: "", signed_headers: HOST_AND_DATE,
        canonical_hash: "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
        signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
    Vector { name: "get-header-key-duplicate", method: "GET", body: "", signed_headers: "host;my-header1;x-amz-date",
        headers: &[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
        canonical_hash: "dc7f04a3abfde8d472b0ab1a418b741b7c67174dad1551b4117b15527fbe966c",
        signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea" },
    Vector { name: "get-header-value-multiline", method: "GET", body: "", signed_headers: "host;my-header1;x-amz-date",
        headers: &[("My-Header1", "value1\n  value2\n     value3")],
        canonical_hash: "e99419459a677bc11de234014be3c4e72c1ea5b454ceb58b613061f5d7a162e8",
        signature: "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd" },
    Vector { name: "get-header-value-order", method: "GET", body: "", signed_headers: "host;my-header1;x-amz-date",
        headers: &[("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2")],
        canonical_hash: "31ce73cd3f3d9f66977ad3dd957dc47af14df92fcd8509f59b349e9137c58b86",
        signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01" },
    Vector { name: "get-header-value-trim", method: "GET", body: "", signed_headers: "host;my-header1;my-header2;x-amz-date",
        headers: &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
        canonical_hash: "a726db9b0df21c14f559d0a978e563112acb1b9e05476f0a6a1c7d68f28605c7",
        signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
    Vector { name: "get-vanilla-with-session-token", method: "GET", body: "", signed_headers: "host;x-amz-date;x-amz-security-token",
        headers: &[("X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267")],
        canonical_hash: "067b36aa60031588cea4a4cde1f21215227a047690c72247f1d70b32fbbfad2b",
        signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8" },
    Vector { name: "post-header-key-case", method: "POST", headers: &[], body: "", signed_headers: HOST_AND_DATE,
        canonical_hash: "553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87",
        signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
    Vector { name: "post-header-key-sort", method: "POST", body: "", signed_headers: "host;my-header1;x-amz-date",
        headers: &[("My-Header1", "value1")],
        canonical_hash: "9368318c2967cf6de74404b30c65a91e8f6253e0a8659d6d5319f1a812f87d65",
        signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c" },
    Vector { name: "post-header-value-case", method: "POST", body: "", signed_headers: "host;my-header1;x-amz-date",
        headers: &[("My-Header1", "VALUE1")],
        canonical_hash: "d51ced243e649e3de6ef63afbbdcbca03131a21a7103a1583706a64618606a93",
        signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d" },
    // The token is added after signing.
    Vector { name: "post-sts-header-after", method: "POST", headers: &[], body: "", signed_headers: HOST_AND_DATE,
        canonical_hash: "553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87",
        signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
    Vector { name: "post-sts-header-before", method: "POST", body: "", signed_headers: "host;x-amz-date;x-amz-security-token",
        headers: &[("X-Amz-Security-Token", TOKEN)],
        canonical_hash: "c237e1b440d4c63c32ca95b5b99481081cb7b13c7e40434868e71567c1a882f6",
        signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead" },
    Vector { name: "post-vanilla", method: "POST", headers: &[], body: "", signed_headers: HOST_AND_DATE,
        canonical_hash: "553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87",
        signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
    Vector { name: "post-x-www-form-urlencoded", method: "POST", body: "Param1=value1",
        signed_headers: "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        headers: &[("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "13"), ("x-amz-content-sha256", BODY_HASH)],
        canonical_hash: "b1edd1d03544c25390e32085d55b57acc9a3961bb59415ff86c45c3d89d16cfb",
        signature: "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b" },
    Vector { name: "post-x-www-form-urlencoded-parameters", method: "POST", body: "Param1=value1",
        signed_headers: "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        headers: &[("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), ("Content-Length", "13"), ("x-amz-content-sha256", BODY_HASH)],
        canonical_hash: "a89f1a5b53e37702ee6363ce1da3ce8f54386f3c8f352ae652153c2982a0bc4d",
        signature: "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422" },
];

fn credentials() -> Credentials {
    let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
    Credentials { access_key: "AKIDEXAMPLE".to_owned(), secret, token: None }
}

#[test]
fn the_cases_of_aws_test_suite_are_signed_as_aws_does() {
    let time = Stamp::new(humantime::parse_rfc3339("2015-08-30T12:36:00Z").unwrap());
    let scope = Scope { region: "us-east-1", service: "service", time: &time };
    for vector in VECTORS {
        // Dates and hosts come last, as the order must not matter.
        let mut headers = vector.headers.to_vec();
        headers.extend([("X-Amz-Date", time.as_str()), ("Host", "example.amazonaws.com")]);
        let request = Request { method: vector.method, headers: &headers, body: vector.body.as_bytes() };
        let (name, hash) = (vector.name, vector.canonical_hash);
        let to_sign = format!("{ALGORITHM}\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n{hash}");
        assert_eq!(request.string_to_sign(&scope), to_sign, "{name}");
        let expected = format!(
            "{ALGORITHM} Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={}, Signature={}",
            vector.signed_headers, vector.signature
        );
        assert_eq!(request.authorization(&credentials(), &scope), expected, "{name}");
    }
}

#[test]
fn the_canonical_request_is_that_of_the_test_suite_to_the_byte() {
    let headers = [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")];
    let request = Request { method: "GET", headers: &headers, body: b"" };
    let expected = "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n\
                    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(*request.canonical(), expected);
}

#[test]
fn times_are_written_in_utc_whatever_the_clock_says() {
    let stamp = |text| Stamp::new(humantime::parse_rfc3339(text).unwrap());
    assert_eq!(stamp("2026-02-03T04:05:06Z").as_str(), "20260203T040506Z");
    assert_eq!(stamp("2026-02-03T04:05:06Z").date(), "20260203");
    let far = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 40);
    assert_eq!(Stamp::new(far).as_str(), "19700101T000000Z");
    assert_eq!(Stamp::new(SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(9)).as_str(), "19700101T000000Z");
}

use super::*;

/// The plan of profile `p` as one line: first credentials, then roles.
fn planned(config: &str, credentials: &str) -> Result<Option<String>, String> {
    let profiles = Profiles::of_texts(config, credentials).unwrap();
    let text = |role: &Role| {
        let Role { arn, session, external_id, duration } = role;
        let parts = [session.clone(), external_id.clone(), duration.map(|seconds| seconds.to_string())];
        parts.into_iter().flatten().fold(arn.clone(), |text, part| format!("{text},{part}"))
    };
    let plan = plan(&profiles, "p").map_err(|error| error.to_string())?;
    Ok(plan.map(|plan| {
        let base = match &plan.base {
            Base::Keys(keys) => {
                let token = keys.token.as_ref().map_or("", |token| token.expose());
                format!("keys {}/{}/{token}", keys.access_key, keys.secret.expose())
            }
            Base::Process(line) => format!("process {}", line.expose()),
            Base::WebIdentity { role, file } => format!("token {} for {}", file.display(), text(role)),
            Base::Environment => "environment".to_owned(),
            Base::Container => "container".to_owned(),
            Base::Instance => "instance".to_owned(),
        };
        plan.roles.iter().fold(base, |all, role| format!("{all} > {}", text(role)))
    }))
}

const KEYS: &str = "aws_access_key_id=AKIA1\naws_secret_access_key=s\n";

#[test]
fn each_kind_of_profile_has_its_plan() {
    let keys = format!("[p]\n{KEYS}");
    for (config, credentials, expected) in [
        ("", keys.as_str(), "keys AKIA1/s/"),
        ("", &format!("{keys}aws_session_token=t\n"), "keys AKIA1/s/t"),
        ("[profile p]\naws_secret_access_key=other\ncredential_process=x", &keys, "keys AKIA1/s/"),
        ("[profile p]\ncredential_process = /opt/x 'a b'", "", "process /opt/x 'a b'"),
        ("[profile p]\nrole_arn=r\nweb_identity_token_file=/t\nrole_session_name=n", "", "token /t for r,n"),
        ("[profile p]\nrole_arn=r\ncredential_source=Environment", "", "environment > r"),
        ("[profile p]\nrole_arn=r\ncredential_source=EcsContainer\nduration_seconds=900", "", "container > r,900"),
        ("[profile p]\nrole_arn=r\ncredential_source=Ec2InstanceMetadata\nexternal_id=e", "", "instance > r,e"),
        ("[profile p]\nrole_arn=r\nsource_profile=p", &keys, "keys AKIA1/s/ > r"),
        ("[profile p]\nrole_arn=r\n", &keys, "keys AKIA1/s/ > r"),
        (
            "[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nrole_arn=r2\nsource_profile=s",
            &format!("[s]\n{KEYS}"),
            "keys AKIA1/s/ > r2 > r",
        ),
        (
            "[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nrole_arn=r2\nweb_identity_token_file=/t",
            "",
            "token /t for r2 > r",
        ),
        ("[profile p]\nrole_arn=r\nsource_profile=default\n[default]\ncredential_process=x", "", "process x > r"),
    ] {
        assert_eq!(planned(config, credentials).as_ref().map(Option::as_deref), Ok(Some(expected)), "{config}");
    }
}

#[test]
fn a_profile_about_other_things_has_no_plan() {
    assert_eq!(planned("[profile p]\nregion=eu-central-1\noutput=json", ""), Ok(None));
}

#[test]
fn a_long_row_of_profiles_is_refused() {
    let row = |length: usize| {
        let link = |at: usize| format!("[profile p{at}]\nrole_arn=r\nsource_profile=p{}\n", at + 1);
        let links: String = (1..length).map(link).collect();
        format!("[profile p]\nrole_arn=r\nsource_profile=p1\n{links}[profile p{length}]\ncredential_process=x\n")
    };
    assert_eq!(planned(&row(7), "").unwrap().unwrap(), format!("process x{}", " > r".repeat(7)));
    assert!(planned(&row(8), "").unwrap_err().contains("more than 8 profiles follow one another"));
}

#[test]
fn what_cannot_be_done_is_said_without_a_key() {
    for (config, credentials, words) in [
        ("", "[q]\na=b", "neither file has it"),
        // Of `config` only sections `profile NAME` count.
        ("[p]\ncredential_process=x", "", "neither file has it"),
        ("", "[p]\naws_access_key_id=hunter2", "without aws_secret_access_key"),
        ("", "[p]\naws_secret_access_key=hunter2", "without aws_access_key_id"),
        ("", "[p]\naws_access_key_id=AKIA\naws_secret_access_key=hunter2 x", "secret access key isn't one"),
        ("[profile p]\nrole_arn=r", "", "nothing to take that role with"),
        ("[profile p]\nrole_arn=r\nsource_profile=q", "", "\"q\" can't be had: neither file has it"),
        ("[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nregion=x", "", "\"q\" has no credentials"),
        ("[profile p]\nrole_arn=r\nsource_profile=q\ncredential_source=Environment", "", "both"),
        ("[profile p]\nrole_arn=r\ncredential_source=hunter2", "", "credential_source isn't known"),
        ("[profile p]\nweb_identity_token_file=/t", "", "without role_arn"),
        ("[profile p]\nrole_arn=r\nduration_seconds=1h", "", "duration_seconds is no number"),
        (
            "[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nrole_arn=r\nsource_profile=p",
            "",
            "in a circle (p, q)",
        ),
        ("[profile p]\nrole_arn=r\nsource_profile=p", "", "nothing to take that role with"),
        ("[profile p]\nsso_session=x", "", "IAM Identity Center (sso) isn't built"),
        ("[profile p]\nsso_start_url=x", "", "IAM Identity Center (sso) isn't built"),
        ("[profile p]\nlogin_session=x", "", "(login_session) isn't built"),
        ("[profile p]\nrole_arn=r\nmfa_serial=x", "", "MFA (mfa_serial) isn't built"),
    ] {
        let error = planned(config, credentials).unwrap_err();
        assert!(error.contains(words) && !error.contains("hunter2"), "{config} {credentials}: {error}");
        assert!(error.contains("the profile \""), "{error}");
    }
}

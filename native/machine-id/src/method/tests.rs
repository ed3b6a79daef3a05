use super::*;

#[test]
fn names_are_distinct_and_found_again() {
    for (index, method) in JoinMethod::ALL.iter().enumerate() {
        assert_eq!(JoinMethod::by_name(method.as_str()), Some(*method));
        assert_eq!(JoinMethod::ALL.iter().position(|other| other.as_str() == method.as_str()), Some(index));
        assert!(!NOT_BUILT.iter().any(|(name, _)| *name == method.as_str()), "{} is built", method.as_str());
    }
    assert_eq!(JoinMethod::by_name("Token"), None);
}

#[test]
fn what_excludes_each_other_are_settings_of_the_method() {
    for method in JoinMethod::ALL {
        let spec = method.spec();
        for name in spec.at_most_one {
            assert!(spec.settings.iter().any(|setting| setting.name == *name), "{}: {name}", spec.name);
        }
        let tbot = spec.settings.iter().any(|setting| setting.tbot.is_some());
        assert_eq!(tbot, spec.tbot_section.is_some(), "{}", spec.name);
    }
}

fn place(method: JoinMethod, settings: &Settings, variables: &[(&str, &str)]) -> Result<IdTokenPlace, Absent> {
    let Proof::IdToken(place) = method.spec().proof else { panic!("{method:?} has no ID token") };
    let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    place(settings, &lookup)
}

fn with(method: JoinMethod, name: &str, value: Value) -> Settings {
    let mut settings = Settings::default();
    settings.set(method.spec().settings.iter().find(|setting| setting.name == name).unwrap(), value);
    settings
}

#[test]
fn each_id_token_is_where_the_protocol_says() {
    let none = Settings::default();
    for (method, variable) in [
        (JoinMethod::Gitlab, "TBOT_GITLAB_JWT"),
        (JoinMethod::CircleCi, "CIRCLE_OIDC_TOKEN"),
        (JoinMethod::Spacelift, "SPACELIFT_OIDC_TOKEN"),
        (JoinMethod::TerraformCloud, "TFC_WORKLOAD_IDENTITY_TOKEN"),
        (JoinMethod::Bitbucket, "BITBUCKET_STEP_OIDC_TOKEN"),
        (JoinMethod::Env0, "ENV0_OIDC_TOKEN"),
    ] {
        let found = place(method, &none, &[]).unwrap();
        assert!(matches!(&found, IdTokenPlace::Variable(name) if name == variable), "{found:?}");
    }
    let tagged = with(JoinMethod::TerraformCloud, "audience_tag", Value::Text("A".to_owned()));
    let found = place(JoinMethod::TerraformCloud, &tagged, &[]).unwrap();
    assert!(matches!(&found, IdTokenPlace::Variable(name) if name == "TFC_WORKLOAD_IDENTITY_TOKEN_A"), "{found:?}");
}

#[test]
fn the_service_account_token_is_in_the_set_the_named_or_the_usual_file() {
    let named = [("KUBERNETES_TOKEN_PATH", "/named")];
    let set = with(JoinMethod::Kubernetes, "token_path", Value::Path("/set".into()));
    for (settings, variables, expected) in [
        (&set, &named[..], "/set"),
        (&Settings::default(), &named[..], "/named"),
        (
            &Settings::default(),
            &[("KUBERNETES_TOKEN_PATH", "")][..],
            "/var/run/secrets/kubernetes.io/serviceaccount/token",
        ),
    ] {
        let found = place(JoinMethod::Kubernetes, settings, variables).unwrap();
        assert!(matches!(&found, IdTokenPlace::File(path) if path.as_os_str() == expected), "{found:?}");
    }
}

#[test]
fn what_was_set_goes_before_what_the_platform_offers() {
    for method in [JoinMethod::Gitlab, JoinMethod::Github, JoinMethod::CircleCi, JoinMethod::TerraformCloud] {
        let found = place(method, &with(method, "variable", Value::Text("MINE".to_owned())), &[]).unwrap();
        assert!(matches!(&found, IdTokenPlace::Variable(name) if name == "MINE"), "{found:?}");
        let found = place(method, &with(method, "file", Value::Path("/mine".into())), &[]).unwrap();
        assert!(matches!(&found, IdTokenPlace::File(path) if path.as_os_str() == "/mine"), "{found:?}");
    }
}

#[test]
fn github_is_asked_at_the_address_of_the_job_for_teleports_audience() {
    let url = ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://example.com/token?a=b");
    let bearer = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", " secret ");
    let Ok(IdTokenPlace::Service(service)) = place(JoinMethod::Github, &Settings::default(), &[url, bearer]) else {
        panic!("no service")
    };
    assert_eq!(service.url, "https://example.com/token?a=b&audience=teleport.cluster.local");
    assert_eq!((service.headers[0].0, service.headers[0].1.expose()), ("authorization", "Bearer secret"));
    assert_eq!((service.read)(br#"{"value":"jwt"}"#).unwrap().expose(), "jwt");
    assert!((service.read)(b"{}").is_none());
    let absent = place(JoinMethod::Github, &Settings::default(), &[url]).unwrap_err();
    assert_eq!(absent.place, "the environment variable ACTIONS_ID_TOKEN_REQUEST_TOKEN");
}

#[test]
fn google_is_asked_where_its_libraries_ask() {
    for (variables, host) in
        [(&[][..], "metadata.google.internal"), (&[("GCE_METADATA_HOST", "127.0.0.1:8080")], "127.0.0.1:8080")]
    {
        let Ok(IdTokenPlace::Service(service)) = place(JoinMethod::Gcp, &Settings::default(), variables) else {
            panic!("no service")
        };
        let url = format!(
            "http://{host}/computeMetadata/v1/instance/service-accounts/default/identity\
             ?audience=teleport.cluster.local&format=full&licenses=FALSE"
        );
        assert_eq!((service.url, service.verb), (url, Verb::Get));
        assert_eq!((service.headers[0].0, service.headers[0].1.expose()), ("metadata-flavor", "Google"));
        assert_eq!((service.read)(b" jwt\n").unwrap().expose(), "jwt");
        assert!((service.read)(b"\xff").is_none());
    }
}

#[test]
fn azure_devops_makes_a_token_where_the_job_says() {
    let variables =
        [("SYSTEM_ACCESSTOKEN", "secret"), ("SYSTEM_OIDCREQUESTURI", "https://dev.azure.com/o/p/oidctoken")];
    let Ok(IdTokenPlace::Service(service)) = place(JoinMethod::AzureDevops, &Settings::default(), &variables) else {
        panic!("no service")
    };
    assert_eq!(service.url, "https://dev.azure.com/o/p/oidctoken?api-version=7.1");
    assert_eq!((service.verb, service.headers[0].1.expose()), (Verb::Post, "Bearer secret"));
    assert_eq!((service.read)(br#"{"oidcToken":"jwt"}"#).unwrap().expose(), "jwt");
    assert!((service.read)(b"{}").is_none());
    let absent = place(JoinMethod::AzureDevops, &Settings::default(), &variables[1..]).unwrap_err();
    assert_eq!(absent.place, "the environment variable SYSTEM_ACCESSTOKEN");
}

#[test]
fn any_issuers_token_is_where_the_configuration_says() {
    let command = with(JoinMethod::GenericOidc, "command", Value::Words(vec!["/bin/id".to_owned(), "-t".to_owned()]));
    let found = place(JoinMethod::GenericOidc, &command, &[]).unwrap();
    assert!(
        matches!(&found, IdTokenPlace::Command { words, limit } if words.len() == 2 && limit.as_secs() == 60),
        "{found:?}"
    );
    let absent = place(JoinMethod::GenericOidc, &Settings::default(), &[]).unwrap_err();
    assert_eq!(absent.place, "the configuration");
}

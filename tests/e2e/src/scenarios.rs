//! What is played on any [`Stage`](crate::Stage), so that the double and a real Teleport are held against each other.

use crate::{Machine, Stage, users};

pub mod bad_proof;
pub mod hosts;
pub mod iam;
pub mod id_token;
pub mod join;
pub mod refused;
pub mod renewal;
pub mod rotation;
pub mod ssh;

/// Hands every scenario to a macro, in the order in which they can share one cluster.
#[macro_export]
macro_rules! each_scenario {
    ($give:ident) => {
        $give! {
            join {
                by_a_token_through_the_proxy
                by_a_token_through_the_proxy_with_a_pin
                by_a_token_at_the_auth_server_with_a_pin
                a_second_machine_of_one_bot
            }
            id_token {
                of_kubernetes_by_given_keys
                of_github_by_given_keys
                of_gitlab_by_given_keys
                of_gitlab_by_its_domain
                of_gcp
                renews_what_it_proved
            }
            iam {
                keys_in_the_environment
                keys_of_an_instance
                renews_what_it_proved
                a_region_that_nobody_knows
                a_wrong_secret
                an_account_that_no_rule_allows
                a_lock_meets_it
            }
            bad_proof {
                of_kubernetes_by_given_keys
                of_github_by_given_keys
                of_gitlab_by_given_keys
                of_gitlab_by_its_domain
                of_gcp
                for_a_token_of_another_method
            }
            refused {
                a_wrong_token
                an_expired_token
                a_used_token
                a_token_for_a_node
                a_wrong_pin
                a_role_that_the_bot_may_not_take
                a_bot_that_is_locked_before_it_joins
                a_bot_that_is_locked_later
                a_bot_that_is_deleted
            }
            ssh {
                runs_a_command_and_checks_the_host
                carries_a_megabyte_each_way
                scp_and_sftp_copy_files
                a_command_finds_it_in_its_environment
                an_unknown_host_is_named
                goes_by_the_sockets_of_a_multiplexer
            }
            hosts {
                are_listed_by_label
                are_reached_by_label
            }
            renewal {
                a_oneshot_renews_what_is_half_used
                a_daemon_renews_on_schedule
            }
            rotation {
                one_shots_between_the_phases
                a_daemon_through_all_phases
            }
        }
    };
}

/// A machine whose configuration names a fresh bot's token.
fn machine(stage: &dyn Stage, more: &str) -> (Machine, String) {
    let bot = stage.add_bot();
    let machine = Machine::new(stage);
    machine.configure(stage, &stage.issue(&bot, crate::stage::Kind::Usual), more);
    (machine, bot)
}

/// A machine that has its files.
fn joined(stage: &dyn Stage) -> Machine {
    let (machine, _) = machine(stage, "");
    machine.oneshot().succeeded();
    machine
}

/// Fails unless all files of an identity output are there and fit.
#[track_caller]
fn assert_delivered(machine: &Machine) {
    let names = machine.names("out");
    for name in ["identity", "key", "key-cert.pub", "key.pub", "known_hosts", "ssh_config", "tlscert"] {
        assert!(names.iter().any(|seen| seen == name), "{name} is missing: {names:?}");
    }
    let listed = machine.tool("ssh-keygen", &["-L", "-f", "out/key-cert.pub"]).succeeded().stdout;
    assert!(listed.contains("user certificate") && listed.contains(&users::login()), "{listed}");
    let derived = machine.tool("ssh-keygen", &["-y", "-f", "out/key"]).succeeded().stdout;
    let blob = |text: &str| text.split_whitespace().nth(1).map(str::to_owned);
    assert_eq!(blob(&derived), blob(&machine.read("out/key.pub")), "key.pub isn't the public half of key");
    assert!(machine.read("out/known_hosts").contains("*.example.test"));
}

/// `user@node1.example.test`.
fn target() -> String {
    format!("{}@node1.example.test", users::login())
}

//! Every scenario on the double, as an old and as a new server. `tests/teleport` plays the same on a real Teleport.

macro_rules! on_the_double {
    ($($room:ident { $($name:ident)* })*) => {
        $(mod $room {
            $(mod $name {
                fn play(version: &str) {
                    let cluster = e2e::Cluster::with(|builder| builder.version(version)).and_node();
                    e2e::scenarios::$room::$name(&cluster);
                }

                #[test]
                fn as_version_15() {
                    play("15.4.3");
                }

                #[test]
                fn as_version_18() {
                    play("18.0.0");
                }
            })*
        })*
    };
}

e2e::each_scenario!(on_the_double);

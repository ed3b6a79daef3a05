//! Every scenario on the double. `tests/teleport` plays the same on a real Teleport.

macro_rules! on_the_double {
    ($($room:ident { $($name:ident)* })*) => {
        $(mod $room {
            $(#[test]
            fn $name() {
                e2e::scenarios::$room::$name(&e2e::Cluster::start().and_node());
            })*
        })*
    };
}

e2e::each_scenario!(on_the_double);

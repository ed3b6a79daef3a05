//! What goes wrong for as long as a file says so.

use teleport_double::{Double, Fault, Point, Times};

/// gRPC's, as Teleport's limiter answers.
const RESOURCE_EXHAUSTED: i32 = 8;

/// Each line is one of the words; others are told, and do nothing.
pub(crate) fn follow(double: &Double, words: &[&str]) {
    double.faults().clear();
    for word in words {
        match *word {
            "away" => {}
            "renewals-limited" => {
                let message = "max rate reached: retry-in 1s".to_owned();
                double.faults().inject(Point::Renew, Fault::Grpc { code: RESOURCE_EXHAUSTED, message }, Times::Always);
            }
            "renewals-lost" => double.faults().inject(Point::Renew, Fault::DropReply, Times::Always),
            other => eprintln!("teleport-double: there is no weather {other:?}"),
        }
    }
    let open = !words.contains(&"away");
    double.open_proxy(open);
    double.open_auth(open);
    if !open {
        double.cut_connections();
    }
}

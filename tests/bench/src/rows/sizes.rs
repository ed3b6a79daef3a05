//! How large what ships is.

use std::path::Path;

use crate::place::Place;
use crate::report::Report;
use crate::sample::Sample;

pub(crate) fn measure(place: &Place, report: &mut Report) {
    let size = |path: &Path| {
        let bytes = std::fs::metadata(path).unwrap().len();
        f64::from(u32::try_from(bytes / 1024).unwrap()) / 1024.0
    };
    report.alone("the helper's size", "MiB", &Sample::once(size(&place.program)), "both together: budget 6 MiB");
    match &place.library {
        Some(library) => report.alone("the library's size", "MiB", &Sample::once(size(library)), ""),
        None => report.missing("the library's size", "LIBRARY isn't given"),
    }
}

//! Durations as Go writes them (`1h30m`, `20m`, `1.5h`), since tbot reads them with Go's `time.ParseDuration`.

use std::time::Duration;

use crate::vocabulary::limits::LIFETIME_MAX_SECONDS;

/// Reads a Go duration. The result is whole nanoseconds, rounded down.
///
/// # Errors
/// Says what is wrong with `text`: no unit, an unknown unit, negative, too long (more than some 290 years, as in Go).
pub(crate) fn go_duration(text: &str) -> Result<Duration, String> {
    if text == "0" || text == "+0" {
        return Ok(Duration::ZERO);
    }
    if text.starts_with('-') {
        return Err("is negative; write a duration such as 90s, 20m or 1h30m".to_owned());
    }
    let malformed = || "isn't a duration; write a number with a unit, such as 90s, 20m or 1h30m".to_owned();
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() || rest.len() > 64 {
        return Err(malformed());
    }
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(malformed());
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let nanoseconds = unit_nanoseconds(unit).ok_or_else(|| match unit {
            "" => "has no unit; write for example 90s, 20m or 1h30m".to_owned(),
            "d" | "w" => format!("has the unit {unit:?}, which Go doesn't know; write hours, for example 24h"),
            _ => malformed(),
        })?;
        total = part(whole, fraction, nanoseconds).and_then(|part| total.checked_add(part)).ok_or_else(too_long)?;
        rest = after;
    }
    if total > u128::from(i64::MAX.unsigned_abs()) {
        return Err(too_long());
    }
    u64::try_from(total).map(Duration::from_nanos).map_err(|_| too_long())
}

fn too_long() -> String {
    format!("is too long; write at most {}h", LIFETIME_MAX_SECONDS / 3600)
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit_nanoseconds(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3_600 * 1_000_000_000,
        _ => return None,
    })
}

fn part(whole: &str, fraction: &str, unit: u128) -> Option<u128> {
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // 18 digits are finer than a nanosecond of an hour.
    let fraction = fraction.get(..fraction.len().min(18))?;
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    whole.checked_mul(unit)?.checked_add(fraction.checked_mul(unit)? / scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::go_duration;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, milliseconds) in [
            ("1h30m", 5_400_000),
            ("20m", 1_200_000),
            ("90s", 90_000),
            ("1.5h", 5_400_000),
            ("1h0m0s", 3_600_000),
            ("500ms", 500),
            (".5s", 500),
            ("1.s", 1_000),
            ("+1s", 1_000),
            ("0", 0),
            ("1s1s", 2_000),
        ] {
            assert_eq!(go_duration(text).map(|d| d.as_millis()), Ok(milliseconds), "{text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in [
            "",
            "60",
            "1d",
            "h",
            ".",
            "1 h",
            "-1h",
            "1h-1m",
            "3000000000h",
            "99999999999999999999999999999999999999999h",
            "1H",
            "١s",
        ] {
            assert!(go_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_missing_unit_is_named() {
        assert_eq!(go_duration("3600").unwrap_err(), "has no unit; write for example 90s, 20m or 1h30m");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*|[0-9.hmsnu+-]{0,70}") {
            let _ = go_duration(&text);
        }

        #[test]
        fn whole_units_add_up(h in 0_u64..1000, m in 0_u64..1000, s in 0_u64..1000) {
            prop_assert_eq!(go_duration(&format!("{h}h{m}m{s}s")).unwrap().as_secs(), h * 3600 + m * 60 + s);
        }
    }
}

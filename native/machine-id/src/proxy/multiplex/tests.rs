use super::wire::{LONGEST, Request, read_text, text};
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_request_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Request::parse(&bytes);
    }

    #[test]
    fn what_is_said_is_understood(host in "[a-z0-9.:-]{1,60}", cluster in "[a-z.]{1,40}", port in 0_u16..) {
        let request = Request { cluster, host, port };
        prop_assert_eq!(Request::parse(&request.to_bytes()[2..]), Some(request));
    }

    #[test]
    fn a_long_text_is_cut_between_characters(length in 0_usize..LONGEST * 2) {
        let long = "ä".repeat(length);
        let bytes = text(&long);
        prop_assert!(long.starts_with(&read_text(&mut &bytes[..]).unwrap()));
    }
}

#[test]
fn a_request_with_a_line_too_many_or_an_empty_name_makes_no_sense() {
    for text in ["c\n22\nhost\nmore", "c\n22\n", "\n22\nhost", "c\n70000\nhost", "c\n22\nho st", "c\n22"] {
        assert_eq!(Request::parse(text.as_bytes()), None, "{text:?}");
    }
}

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz_runner::target("proxy_target") {
        (target.run)(bytes);
    }
});

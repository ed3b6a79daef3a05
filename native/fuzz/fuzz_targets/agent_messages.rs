#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(target) = fuzz_runner::target("agent_messages") {
        (target.run)(bytes);
    }
});

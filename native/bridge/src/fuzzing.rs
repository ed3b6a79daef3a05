//! The door for the fuzzer; only with feature `fuzzing`.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

use crate::message;

/// What a caller writes into the pipe: messages one after the other, until one isn't.
pub fn messages(mut bytes: &[u8]) {
    static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| Builder::new_current_thread().build().ok());
    let Some(runtime) = &*RUNTIME else { return };
    runtime.block_on(async {
        while let Ok(Some((_, body))) = message::read(&mut bytes).await {
            assert!(body.len() <= crate::calls::MAX_INPUT, "more than the limit");
        }
    });
}

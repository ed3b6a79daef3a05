//! How a collection of `tbot.yaml` files of other people fares; the files themselves aren't part of this repository.
//!
//! `MACHINE_ID_TBOT_FILES=DIR cargo test -p machine-id --test tbot_files -- --ignored --nocapture`

use std::path::{Path, PathBuf};

use machine_id::config::TbotConfig;
use machine_id::error::{Code, Error};

#[test]
#[ignore = "needs a collection of files in MACHINE_ID_TBOT_FILES"]
fn every_file_starts_or_is_refused_by_name() {
    let Some(directory) = std::env::var_os("MACHINE_ID_TBOT_FILES") else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut silent, mut warned, mut unsupported, mut refused) = (0, 0, 0, 0);
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match TbotConfig::from_yaml(&name, &std::fs::read(path).unwrap(), Path::new("/home/ci")) {
            Ok(config) if config.warnings.is_empty() => silent += 1,
            Ok(config) => {
                warned += 1;
                config.warnings.iter().for_each(|warning| println!("said     {warning}"));
            }
            Err(error) => {
                error.diagnostics().iter().for_each(|fault| println!("refused  {fault}"));
                if Error::from(error).code() == Code::Unsupported { unsupported += 1 } else { refused += 1 }
            }
        }
    }
    println!(
        "{} files: {silent} start without a word, {warned} with a warning, {unsupported} need what isn't built, {refused} \
         are refused",
        files.len()
    );
    assert!(!files.is_empty());
}

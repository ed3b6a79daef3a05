//! Makes the documents into a site of plain HTML: `site FOLDER`. A fault in a document is an error, with its line.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(out) = std::env::args_os().nth(1) else {
        eprintln!("say where the site is to be made: site FOLDER");
        return ExitCode::from(2);
    };
    match documents::site::make(Path::new(&out)) {
        Ok(made) => {
            println!("{} pages and {} files in {}", made.pages, made.files, Path::new(&out).display());
            println!("{} links lead elsewhere and weren't fetched:", made.external.len());
            for address in made.external {
                println!("  {address}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

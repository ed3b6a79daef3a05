//! Makes the documents into a site of plain HTML: `site FOLDER`. A fault in a document is an error, with its line.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(out) = std::env::args_os().nth(1) else {
        eprintln!("say where the site is to be made: site FOLDER");
        return ExitCode::from(2);
    };
    match documents::site::make(Path::new(&out)) {
        Ok(made) => {
            let addresses: String = made.external.iter().map(|address| format!("  {address}\n")).collect();
            let (pages, files, elsewhere) = (made.pages, made.files, made.external.len());
            let told = write!(
                std::io::stdout(),
                "{pages} pages and {files} files in {}\n{elsewhere} links lead elsewhere and weren't fetched:\n{addresses}",
                Path::new(&out).display()
            );
            // Whoever no longer listens has the site all the same.
            drop(told);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

//! `config`: the settings as they are and as they may be.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::assemble;
use crate::cli::Config;

pub fn run(file: Option<PathBuf>, command: &Config) -> Result<ExitCode> {
    match command {
        Config::Check => {
            let (loaded, _) = assemble::settings(file)?;
            print!("{}", settings::table(&loaded));
            for notice in &loaded.notices {
                println!("{notice}");
            }
        }
        Config::Reference => print!("{}", settings::reference()),
        Config::Schema => println!("{:#}", settings::json_schema()),
    }
    Ok(ExitCode::SUCCESS)
}

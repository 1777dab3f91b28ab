//! `config`: the settings as they are and as they may be.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Map, Value};

use crate::assemble;
use crate::cli::Config;

pub fn run(file: Option<PathBuf>, command: &Config) -> Result<ExitCode> {
    match command {
        Config::Check => {
            let (loaded, _) = assemble::settings(file)?;
            out!("{}", settings::table(&loaded));
        }
        Config::Reference => out!("{}", settings::reference()),
        Config::Schema => outln!("{:#}", settings::json_schema()),
    }
    Ok(ExitCode::SUCCESS)
}

/// `dump_config`: what a program reads instead of the table of `config check`.
pub fn dump(file: Option<PathBuf>) -> Result<ExitCode> {
    let (loaded, _) = assemble::settings(file)?;
    let mut dumped = Map::new();
    for row in &loaded.rows {
        let mut folder = &mut dumped;
        let mut key = row.key;
        while let Some((section, rest)) = key.split_once('.') {
            let inner = folder.entry(section).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else { anyhow::bail!("{section} is a setting and a section at once") };
            folder = inner;
            key = rest;
        }
        folder.insert(key.to_owned(), if row.shown.is_empty() { Value::Null } else { row.shown.clone().into() });
    }
    outln!("{:#}", Value::Object(dumped));
    Ok(ExitCode::SUCCESS)
}

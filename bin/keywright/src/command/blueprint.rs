//! `apply_blueprint` and `export_blueprint`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use feature::{App, Caller};

use crate::assemble::problem;
use crate::cli::ApplyBlueprint;

pub async fn apply(app: &App, options: &ApplyBlueprint) -> Result<ExitCode> {
    let (mut failed, mut wrote) = (false, false);
    for file in &options.files {
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        let name = file.display().to_string();
        match blueprint::apply_text(app, &Caller::system(), &name, &text, options.dry_run).await {
            Ok(report) => {
                out!("{report}");
                wrote |= report.wrote();
            }
            Err(report) => {
                eprint!("{report}");
                failed = true;
            }
        }
    }
    if wrote {
        // A server beside this process looks for changes twice a second; whoever types the next command expects it to know.
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

pub async fn export(app: &App) -> Result<()> {
    out!("{}", blueprint::export(app).await.map_err(problem)?);
    Ok(())
}

//! `setup`: configuration for the reverse proxy before an application.

use anyhow::{Context as _, Result, anyhow};
use feature::App;
use gate::setup::Wanted;

use crate::cli::Setup;

pub fn run(app: &App, options: &Setup) -> Result<()> {
    let slug = &options.application;
    let provider = provider_proxy::setup::of_application(app, slug)
        .with_context(|| format!("there is no application {slug:?} with a proxy provider"))?;
    let wanted = Wanted {
        name: options.name.as_deref(),
        app: options.app.as_deref(),
        server: options.server.as_deref(),
        upstream: options.upstream.as_deref(),
    };
    let files =
        provider_proxy::setup::files(app, provider, &options.proxy, &wanted).map_err(|fault| anyhow!("{fault}"))?;
    // One file is printed as it is, so that it can be saved by `>`; several are told apart.
    let several = files.len() > 1;
    for file in files {
        if several {
            outln!("==> {} <==", file.name);
        }
        outln!("{}", file.content);
    }
    Ok(())
}

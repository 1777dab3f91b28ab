//! `create_recovery_key` and `changepassword`.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use anyhow::{Context as _, Result, bail};
use directory::User;
use feature::{App, Caller};
use store::Filter;

use crate::assemble::problem;
use crate::cli::CreateRecoveryKey;

pub async fn recovery_key(app: &App, options: &CreateRecoveryKey) -> Result<()> {
    let user = user(app, &options.username).await?;
    let path = directory::recovery_key::create(app, &user, i64::from(options.minutes)).await.map_err(problem)?;
    let (name, minutes) = (&options.username, options.minutes);
    let link = match &app.settings().general.host {
        Some(host) => host.join(&path)?.to_string(),
        None => path,
    };
    out!("This link logs {name} in once, within {minutes} minutes.");
    outln!("{}", if link.starts_with('/') { " Put the address of your installation before it:" } else { "" });
    outln!("{link}");
    Ok(())
}

async fn user(app: &App, username: &str) -> Result<User> {
    let found = app.store().first::<User>(Filter::eq("username", username)).await?;
    found.with_context(|| format!("there is no user {username}; what is wanted is the name they log in with"))
}

pub async fn change_password(app: &App, username: &str) -> Result<()> {
    // Before it is asked for: nobody should think of a password in vain.
    let user = user(app, username).await?;
    let (mut password, stdin) = (String::new(), std::io::stdin());
    let read = if stdin.is_terminal() {
        eprintln!("New password for {username} (it is shown as you type; end with Enter):");
        stdin.lock().take(8192).read_line(&mut password)
    } else {
        stdin.lock().take(8192).read_to_string(&mut password)
    };
    read.context("reading the password")?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("the password is empty; nothing was changed");
    }
    directory::password::set(app, &Caller::system(), &user, &password, None).await.map_err(problem)?;
    outln!("The password of {username} was changed; their sessions have ended.");
    Ok(())
}

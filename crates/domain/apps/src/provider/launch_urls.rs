//! Where the kinds of providers say an application is opened, by label.
//!
//! The applications know no single kind: the crate of a kind hands its function in while the program is put together.

use std::collections::HashMap;
use std::sync::Arc;

use feature::App;
use object::Record;
use parking_lot::RwLock;

/// The address at which the application of a provider is opened, if the provider can tell.
pub type LaunchUrl = fn(&Record) -> Option<String>;

/// What was handed in.
#[derive(Default)]
pub struct LaunchUrls(RwLock<HashMap<&'static str, LaunchUrl>>);

impl LaunchUrls {
    /// The address for a provider, as the kind it is.
    pub fn of(&self, provider: &Record) -> Option<String> {
        let hooks = self.0.read();
        // A kind that extends another kind may leave the answer to it.
        let hook = provider.model.chain.iter().rev().find_map(|s| hooks.get(s.model).copied());
        hook.and_then(|hook| hook(provider))
    }
}

/// Says where applications with providers of a kind are opened. Called by [`feature::Feature::setup`].
pub fn register_launch_url(app: &App, label: &'static str, hook: LaunchUrl) {
    launch_urls(app).0.write().insert(label, hook);
}

pub fn launch_urls(app: &App) -> Arc<LaunchUrls> {
    app.shared()
}

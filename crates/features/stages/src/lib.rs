//! The kinds of stages. One file or folder each: what is configured, what is asked, what an answer does.

mod authenticator_validate;
mod components;
mod consent;
mod deny;
mod dummy;
mod identification;
mod password;
mod prompt;
mod redirect;
mod user_login;
mod user_logout;
mod user_write;

#[cfg(test)]
mod tests;

use feature::{App, Feature, Kind};

pub use authenticator_validate::{AuthenticatorValidateStage, DeviceClass, NotConfiguredAction, UserVerification};
pub use consent::{ConsentMode, ConsentStage, ONE_TIME};
pub use deny::DenyStage;
pub use dummy::DummyStage;
pub use identification::{IdentificationStage, UserField};
pub use password::{Backend, PasswordStage};
pub use prompt::{FieldType, Prompt, PromptStage};
pub use redirect::{RedirectMode, RedirectStage};
pub use user_login::{GeoIpBinding, NetworkBinding, UserLoginStage};
pub use user_logout::UserLogoutStage;
pub use user_write::{UserCreationMode, UserWriteStage};

pub const FEATURE: Feature = Feature::new("stages")
    .kinds(&[
        Kind::of::<AuthenticatorValidateStage>()
            .check(authenticator_validate::check)
            .computed(authenticator_validate::COMPUTED),
        Kind::of::<ConsentStage>(),
        Kind::of::<DenyStage>(),
        Kind::of::<DummyStage>(),
        Kind::of::<IdentificationStage>().check(identification::check),
        Kind::of::<PasswordStage>().check(password::check),
        Kind::of::<Prompt>()
            .display(|field| format!("Prompt field '{}' type {}", field.text("field_key"), field.text("type")))
            .computed(prompt::PROMPT),
        Kind::of::<PromptStage>().check(prompt::check),
        Kind::of::<RedirectStage>().check(redirect::check),
        Kind::of::<UserLoginStage>(),
        Kind::of::<UserLogoutStage>(),
        Kind::of::<UserWriteStage>(),
    ])
    .operations(prompt::OPERATIONS)
    .components(components::COMPONENTS)
    .setup(setup);

/// Hands the kinds to the executor. Those put in by name serve features that add stages to plans.
fn setup(app: &App) {
    let stages = flow::stage_registry(app);
    stages.add(authenticator_validate::AuthenticatorValidate);
    stages.add(consent::Consent);
    stages.add(deny::Deny);
    stages.add(dummy::Dummy);
    stages.add(identification::Identification);
    stages.add(password::Password);
    stages.add(prompt::PromptKind);
    stages.add(redirect::Redirect);
    stages.add(user_login::UserLogin);
    stages.add(user_logout::UserLogout);
    stages.add(user_write::UserWrite);
    stages.add_in_memory(consent::ONE_TIME, consent::OneTimeConsent);
}

//! The kinds of stages. One file or folder each: what is configured, what is asked, what an answer does.

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

use feature::{Feature, Kind};

pub use consent::{ConsentMode, ConsentStage};
pub use deny::DenyStage;
pub use dummy::DummyStage;
pub use identification::{IdentificationStage, UserField};
pub use password::{Backend, PasswordStage};
pub use prompt::{FieldType, Prompt, PromptStage};
pub use redirect::{RedirectMode, RedirectStage};
pub use user_login::{GeoIpBinding, NetworkBinding, UserLoginStage};
pub use user_logout::UserLogoutStage;
pub use user_write::{UserCreationMode, UserWriteStage};

pub const FEATURE: Feature = Feature::new("stages").kinds(&[
    Kind::of::<ConsentStage>(),
    Kind::of::<DenyStage>(),
    Kind::of::<DummyStage>(),
    Kind::of::<IdentificationStage>(),
    Kind::of::<PasswordStage>(),
    Kind::of::<Prompt>(),
    Kind::of::<PromptStage>(),
    Kind::of::<RedirectStage>(),
    Kind::of::<UserLoginStage>(),
    Kind::of::<UserLogoutStage>(),
    Kind::of::<UserWriteStage>(),
]);

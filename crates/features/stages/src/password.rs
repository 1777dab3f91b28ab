//! Password stage: checks the password of the person who is logging in.

use flow::{Flow, Stage};
use object::{Choices, Id, Object};

/// What a password is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "BackendsEnum")]
pub enum Backend {
    /// The user's password.
    #[choice(value = "authentik.core.auth.InbuiltBackend")]
    Inbuilt,
    /// The user's app passwords.
    #[choice(value = "authentik.core.auth.TokenBackend")]
    Token,
    /// The LDAP source the user came from.
    #[choice(value = "authentik.sources.ldap.auth.LDAPBackend")]
    Ldap,
    /// The Kerberos source the user came from.
    #[choice(value = "authentik.sources.kerberos.auth.KerberosBackend")]
    Kerberos,
}

/// Ask for the password and check it.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_password.passwordstage",
    table = "authentik_stages_password_passwordstage",
    path = "stages/password",
    verbose = "Password Stage",
    plural = "Password Stages",
    component = "ak-stage-password-form",
    api_name = "PasswordStage",
    filters = ["allow_show_password", "configure_flow", "failed_attempts_before_cancel", "name"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct PasswordStage {
    pub base: Stage,
    /// What the password is checked against, in this order.
    #[field(required)]
    pub backends: Vec<Backend>,
    /// Flow in which somebody who is logged in changes their password.
    pub configure_flow: Option<Id<Flow>>,
    /// Number of wrong passwords after which the flow ends.
    #[field(default_int = 5)]
    pub failed_attempts_before_cancel: i32,
    /// Offer a button that makes the password readable.
    pub allow_show_password: bool,
}

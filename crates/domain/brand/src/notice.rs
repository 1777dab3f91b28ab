//! Something to tell people from where no pages are made. Put among a response's extensions, it is what their browser shows
//! in place of the response's body, in the looks of the brand.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub title: String,
    pub text: String,
    /// The application that was asked for, where that is to be named.
    pub application: Option<String>,
}

//! Query strings and form bodies (`application/x-www-form-urlencoded`), read once.

use indexmap::IndexMap;

/// More parameters than any request of the protocol has.
const MAX_PARAMETERS: usize = 256;

/// The parameters of a request. Values may be secret, so there is no `Debug` of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(IndexMap<String, Vec<String>>);

impl Params {
    pub fn parse(body: &[u8]) -> Result<Self, ParamsError> {
        let mut params: IndexMap<String, Vec<String>> = IndexMap::new();
        for (count, (name, value)) in form_urlencoded::parse(body).enumerate() {
            if count >= MAX_PARAMETERS {
                return Err(ParamsError::TooMany);
            }
            params.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Ok(Self(params))
    }

    /// The value of a parameter. RFC 6749 §3.1: one sent without a value counts as left out.
    ///
    /// COMPAT: of a repeated parameter the last counts, as in Django; see [`check_repeated`].
    ///
    /// [`check_repeated`]: Self::check_repeated
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.last().map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn get_owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// All values of a parameter that may come several times, like `resource` (RFC 8707 §2).
    pub fn all<'params>(&'params self, name: &str) -> impl Iterator<Item = &'params str> {
        self.0.get(name).into_iter().flatten().map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// RFC 6749 §3.1 and §3.2: parameters must not come more than once. Those named in `repeatable`
    /// may; the error is `invalid_request`.
    pub fn check_repeated(&self, repeatable: &[&str]) -> Result<(), ParamsError> {
        let repeated = self.0.iter().find(|(name, values)| values.len() > 1 && !repeatable.contains(&name.as_str()));
        match repeated {
            Some((name, _)) => Err(ParamsError::Repeated(name.chars().take(64).collect())),
            None => Ok(()),
        }
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Params {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        let mut params: IndexMap<String, Vec<String>> = IndexMap::new();
        for (name, value) in pairs {
            params.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        Self(params)
    }
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why a query string or form is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    #[error("The request has more than {MAX_PARAMETERS} parameters")]
    TooMany,
    #[error("The parameter {0} is given more than once")]
    Repeated(String),
}

#[cfg(test)]
mod tests;

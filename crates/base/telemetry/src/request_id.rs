//! The id that ties log lines, audit records and an answer together.

use std::{fmt, sync::Arc};

/// Id of one request, shown to the client as `X-authentik-id`. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// From 16 random bytes, as 32 hexadecimal digits.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(bytes)).into())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    //! Unit test of the form.

    use super::RequestId;

    #[test]
    fn has_always_32_digits() {
        assert_eq!(RequestId::from_bytes([0; 16]).as_str(), "0".repeat(32));
        assert_eq!(RequestId::from_bytes([0xab; 16]).to_string(), "ab".repeat(16));
    }
}

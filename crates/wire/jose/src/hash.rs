//! `at_hash` and `c_hash` of OpenID Connect Core (§3.1.3.6, §3.3.2.11).

use aws_lc_rs::digest;

use crate::Algorithm;
use crate::encoding::encode;

/// The left half of the hash of `value`, with the hash of the ID token's algorithm.
///
/// For `at_hash`, `value` is the access token; for `c_hash`, the authorization code.
pub fn half_hash(value: &str, algorithm: Algorithm) -> String {
    let hash = digest::digest(algorithm.digest(), value.as_bytes());
    encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

#[cfg(test)]
mod tests {
    //! Tests with the examples of OpenID Connect Core, appendix A.

    use super::*;

    #[test]
    fn hashes_equal_the_examples_of_the_specification() {
        let at_hash = half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", Algorithm::Rs256);
        assert_eq!(at_hash, "77QmUPtjPfzWtF2AnpK9RQ");
        let c_hash = half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk", Algorithm::Rs256);
        assert_eq!(c_hash, "LDktKdoQak3Pk0cnXxCltA");
        assert_eq!(half_hash("x", Algorithm::Es512).len(), 43);
    }
}

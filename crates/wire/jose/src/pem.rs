//! PEM (RFC 7468), read as leniently as administrators paste it and written strictly.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroize;

use crate::Error;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";
const LINE_LENGTH: usize = 64;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One `-----BEGIN x-----` block. Its bytes are wiped when dropped: it may be a private key.
pub struct Block {
    pub label: String,
    pub der: Vec<u8>,
}

impl Drop for Block {
    fn drop(&mut self) {
        self.der.zeroize();
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Block").field("label", &self.label).finish_non_exhaustive()
    }
}

/// All blocks of `text`, in order. Text between blocks is passed over, as is indentation.
pub fn parse(text: &str) -> Result<Vec<Block>, Error> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(DASHES)) else {
            continue;
        };
        let end = format!("-----END {label}-----");
        let mut body = String::new();
        loop {
            let line = lines.next().ok_or_else(|| Error::key(format!("\"{end}\" is missing")))?;
            if line == end {
                break;
            }
            if line.contains(':') {
                // RFC 1421 headers; OpenSSL writes them only when the key is encrypted.
                return Err(Error::key("the key is encrypted; remove its passphrase first"));
            }
            body.extend(line.chars().filter(|c| !c.is_ascii_whitespace()));
        }
        let der = LENIENT.decode(&body).map_err(|_| Error::key(format!("the {label} block is not base64")));
        body.zeroize();
        blocks.push(Block { label: label.to_owned(), der: der? });
    }
    Ok(blocks)
}

/// One block, in lines of 64 characters.
pub fn write(label: &str, der: &[u8]) -> String {
    let mut text = format!("{BEGIN}{label}{DASHES}\n");
    let body = STANDARD.encode(der);
    for line in body.as_bytes().chunks(LINE_LENGTH) {
        text.extend(line.iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str(DASHES);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;

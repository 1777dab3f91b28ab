//! Between strings and bytes.

use std::sync::Arc;

use crate::flow::{Flow, R, raise};
use crate::value::{Exc, ExcType, Value};
use crate::vm::Vm;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Codec {
    Utf8,
    Ascii,
    Latin1,
    Utf16 { big: bool, bom: bool },
}

fn codec(name: &str) -> R<Codec> {
    let plain: String = name.to_ascii_lowercase().replace(['-', '_', ' '], "");
    match plain.as_str() {
        "utf8" | "u8" | "utf8sig" => Ok(Codec::Utf8),
        "ascii" | "usascii" => Ok(Codec::Ascii),
        "latin1" | "iso88591" | "l1" | "cp1252" | "windows1252" => Ok(Codec::Latin1),
        "utf16" => Ok(Codec::Utf16 { big: false, bom: true }),
        "utf16le" => Ok(Codec::Utf16 { big: false, bom: false }),
        "utf16be" => Ok(Codec::Utf16 { big: true, bom: false }),
        _ => Err(raise("LookupError", format!("unknown encoding: {name}"))),
    }
}

/// `text.encode(encoding, errors)`.
pub fn encode(vm: &mut Vm, text: &str, encoding: &str, errors: &str) -> R<Value> {
    vm.charge(text.len() * 2)?;
    let limit = match codec(encoding)? {
        Codec::Utf8 => return Ok(Value::bytes(text)),
        Codec::Utf16 { big, bom } => {
            let mut out = Vec::with_capacity(text.len() * 2 + 2);
            if bom {
                out.extend([0xff, 0xfe]);
            }
            for unit in text.encode_utf16() {
                out.extend(if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            }
            return Ok(Value::bytes(out));
        }
        Codec::Ascii => 0x80,
        Codec::Latin1 => 0x100,
    };
    let mut out = Vec::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        if (c as u32) < limit {
            out.push(c as u8);
            continue;
        }
        match errors {
            "ignore" => {}
            "replace" => out.push(b'?'),
            "backslashreplace" => out.extend(crate::ops::repr::ascii(&c.to_string()).bytes()),
            "xmlcharrefreplace" => out.extend(format!("&#{};", c as u32).bytes()),
            _ => {
                let (name, most) = if limit == 0x80 { ("ascii", 128) } else { ("latin-1", 256) };
                return Err(unicode_error(
                    "UnicodeEncodeError",
                    &format!(
                        "'{name}' codec can't encode character '{}' in position {index}: ordinal not in range({most})",
                        crate::ops::repr::ascii(&c.to_string())
                    ),
                ));
            }
        }
    }
    Ok(Value::bytes(out))
}

/// `bytes.decode(encoding, errors)`.
pub fn decode(vm: &mut Vm, bytes: &[u8], encoding: &str, errors: &str) -> R<Value> {
    vm.charge(bytes.len() * 3)?;
    match codec(encoding)? {
        Codec::Utf8 => decode_utf8(bytes, errors),
        Codec::Latin1 => Ok(Value::from(bytes.iter().map(|byte| *byte as char).collect::<String>())),
        Codec::Ascii => match bytes.iter().position(|byte| *byte >= 0x80) {
            None => Ok(Value::from(String::from_utf8_lossy(bytes).into_owned())),
            Some(_) if errors == "ignore" => {
                Ok(Value::from(bytes.iter().filter(|b| **b < 0x80).map(|b| *b as char).collect::<String>()))
            }
            Some(_) if errors == "replace" => {
                let replaced = bytes.iter().map(|b| if *b < 0x80 { *b as char } else { '\u{fffd}' });
                Ok(Value::from(replaced.collect::<String>()))
            }
            Some(at) => Err(unicode_error(
                "UnicodeDecodeError",
                &format!(
                    "'ascii' codec can't decode byte {:#04x} in position {at}: ordinal not in range(128)",
                    bytes[at]
                ),
            )),
        },
        Codec::Utf16 { big, .. } => {
            let (bytes, big) = match bytes {
                [0xff, 0xfe, rest @ ..] => (rest, false),
                [0xfe, 0xff, rest @ ..] => (rest, true),
                other => (other, big),
            };
            let units = bytes.chunks_exact(2).map(|pair| {
                if big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) }
            });
            Ok(Value::from(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>()))
        }
    }
}

fn decode_utf8(bytes: &[u8], errors: &str) -> R<Value> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Value::str(text)),
        Err(_) if errors == "replace" => Ok(Value::from(String::from_utf8_lossy(bytes).into_owned())),
        Err(_) if matches!(errors, "ignore" | "backslashreplace" | "surrogateescape") => {
            let mut out = String::new();
            for chunk in bytes.utf8_chunks() {
                out.push_str(chunk.valid());
                if errors == "backslashreplace" {
                    for byte in chunk.invalid() {
                        out.push_str(&format!("\\x{byte:02x}"));
                    }
                }
            }
            Ok(Value::from(out))
        }
        Err(error) => {
            let at = error.valid_up_to();
            let (what, reason) = match error.error_len() {
                None => ("bytes", "unexpected end of data"),
                Some(_) if matches!(bytes[at], 0xc2..=0xf4) => ("byte", "invalid continuation byte"),
                Some(_) => ("byte", "invalid start byte"),
            };
            let place = if what == "bytes" && bytes.len() - at > 1 {
                format!("bytes in position {at}-{}", bytes.len() - 1)
            } else {
                format!("byte {:#04x} in position {at}", bytes[at])
            };
            Err(unicode_error("UnicodeDecodeError", &format!("'utf-8' codec can't decode {place}: {reason}")))
        }
    }
}

fn unicode_error(name: &str, message: &str) -> Flow {
    Flow::Raise(Arc::new(Exc::new(ExcType::builtin(name), vec![Value::str(message)])))
}

//! `base64` and `binascii`.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE};

use crate::flow::{R, type_error, value_error};
use crate::native::{Args, table};
use crate::value::Value;
use crate::vm::Vm;

table! { functions:
    "b64encode(s, altchars=)" => |vm, _, a| {
        let text = STANDARD.encode(bytes(a, 0)?);
        let text = match a.some(1) {
            Some(Value::Bytes(alt)) if alt.len() == 2 => {
                text.replace('+', &(alt[0] as char).to_string()).replace('/', &(alt[1] as char).to_string())
            }
            _ => text,
        };
        made(vm, text.into_bytes())
    },
    "standard_b64encode(s)" => |vm, _, a| { let t = STANDARD.encode(bytes(a, 0)?); made(vm, t.into_bytes()) },
    "urlsafe_b64encode(s)" => |vm, _, a| { let t = URL_SAFE.encode(bytes(a, 0)?); made(vm, t.into_bytes()) },
    "b64decode(s, altchars=, validate=)" => |vm, _, a| decode(vm, a, false),
    "standard_b64decode(s)" => |vm, _, a| decode(vm, a, false),
    "urlsafe_b64decode(s)" => |vm, _, a| decode(vm, a, true),
    "b16encode(s)" => |vm, _, a| { let t = hex(bytes(a, 0)?).to_uppercase(); made(vm, t.into_bytes()) },
    "b16decode(s, casefold=)" => |vm, _, a| {
        let text = text_bytes(a, 0)?;
        unhex(&text).ok_or_else(|| value_error("Non-base16 digit found")).and_then(|out| made(vm, out))
    },
    "b32encode(s)" => |vm, _, a| { let t = base32(bytes(a, 0)?); made(vm, t.into_bytes()) },
    "b32decode(s, casefold=)" => |vm, _, a| {
        let text = text_bytes(a, 0)?;
        unbase32(&text).ok_or_else(|| value_error("Non-base32 digit found")).and_then(|out| made(vm, out))
    },
}

table! { binascii:
    "hexlify(data)" => |vm, _, a| { let t = hex(bytes(a, 0)?); made(vm, t.into_bytes()) },
    "unhexlify(hexstr, /)" => |vm, _, a| {
        let text = text_bytes(a, 0)?;
        unhex(&text).ok_or_else(|| value_error("Non-hexadecimal digit found")).and_then(|out| made(vm, out))
    },
    "b2a_base64(data, /, *, newline=)" => |vm, _, a| {
        let t = STANDARD.encode(bytes(a, 0)?) + "\n";
        made(vm, t.into_bytes())
    },
    "a2b_base64(data, /)" => |vm, _, a| decode(vm, a, false),
    "crc32(data, value=, /)" => |vm, _, a| {
        let data = bytes(a, 0)?;
        vm.tick(data.len() as u64 / 8)?;
        let mut crc = !(a.int_or(1, 0)? as u32);
        for byte in data {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            }
        }
        Ok(Value::Int(i64::from(!crc)))
    },
}

fn made(vm: &mut Vm, out: Vec<u8>) -> R<Value> {
    vm.charge(out.len())?;
    Ok(Value::bytes(out))
}

fn bytes<'a>(args: &Args<'a>, index: usize) -> R<&'a [u8]> {
    match args.at(index) {
        Value::Bytes(bytes) => Ok(bytes),
        other => Err(type_error(format!("a bytes-like object is required, not '{}'", other.type_name()))),
    }
}

fn text_bytes(args: &Args<'_>, index: usize) -> R<Vec<u8>> {
    match args.at(index) {
        Value::Bytes(bytes) => Ok(bytes.to_vec()),
        Value::Str(text) if text.is_ascii() => Ok(text.as_bytes().to_vec()),
        Value::Str(_) => Err(value_error("string argument should contain only ASCII characters")),
        other => Err(type_error(format!(
            "argument should be a bytes-like object or ASCII string, not '{}'",
            other.type_name()
        ))),
    }
}

fn decode(vm: &mut Vm, args: &Args<'_>, url_safe: bool) -> R<Value> {
    let mut text = text_bytes(args, 0)?;
    if url_safe {
        for byte in &mut text {
            match byte {
                b'-' => *byte = b'+',
                b'_' => *byte = b'/',
                _ => {}
            }
        }
    }
    text.retain(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    let data = text.iter().filter(|byte| **byte != b'=').count();
    let padding = text.len() - data;
    if data % 4 == 1 {
        return Err(binascii_error(&format!(
            "Invalid base64-encoded string: number of data characters ({data}) cannot be 1 more than a multiple of 4"
        )));
    }
    if data % 4 != 0 && padding < 4 - data % 4 {
        return Err(binascii_error("Incorrect padding"));
    }
    text.retain(|byte| *byte != b'=');
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let out = engine.decode(text).map_err(|_| binascii_error("Incorrect padding"))?;
    made(vm, out)
}

fn binascii_error(message: &str) -> crate::flow::Flow {
    use crate::value::{Exc, ExcType};
    static TYPE: std::sync::LazyLock<ExcType> =
        std::sync::LazyLock::new(|| ExcType::define("binascii", "Error", &ExcType::builtin("ValueError")));
    crate::flow::Flow::Raise(std::sync::Arc::new(Exc::new(TYPE.clone(), vec![Value::str(message)])))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)] as char);
        out.push(DIGITS[usize::from(byte & 15)] as char);
    }
    out
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks(2)
        .map(|pair| {
            let digit = |byte: u8| (byte as char).to_digit(16);
            Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8)
        })
        .collect()
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0u8; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let used = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            if index < used {
                out.push(BASE32[(bits >> (35 - 5 * index) & 31) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

fn unbase32(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(8) {
        return None;
    }
    let mut out = Vec::new();
    for chunk in text.chunks(8) {
        let mut bits = 0u64;
        let mut used = 0;
        for byte in chunk.iter().take_while(|byte| **byte != b'=') {
            let value = BASE32.iter().position(|known| *known == byte.to_ascii_uppercase())?;
            bits = bits << 5 | value as u64;
            used += 1;
        }
        let count = used * 5 / 8;
        bits <<= 40 - used * 5;
        out.extend_from_slice(&bits.to_be_bytes()[3..3 + count]);
    }
    Some(out)
}

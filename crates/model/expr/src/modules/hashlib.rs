//! `hashlib` and `hmac`.

use std::any::Any;
use std::sync::Arc;

use aws_lc_rs::{constant_time, digest, hmac};
use parking_lot::Mutex;

use super::base64::hex;
use crate::flow::{R, type_error, value_error};
use crate::lib_object::LibObject;
use crate::native::{Args, Table, table};
use crate::ops::attr::function_name;
use crate::value::{LibType, Value};
use crate::vm::Vm;

table! { functions:
    "sha1(string=, *, usedforsecurity=)" => |vm, _, a| start(vm, a, "sha1"),
    "sha224(string=, *, usedforsecurity=)" => |vm, _, a| start(vm, a, "sha224"),
    "sha256(string=, *, usedforsecurity=)" => |vm, _, a| start(vm, a, "sha256"),
    "sha384(string=, *, usedforsecurity=)" => |vm, _, a| start(vm, a, "sha384"),
    "sha512(string=, *, usedforsecurity=)" => |vm, _, a| start(vm, a, "sha512"),
    "sha3_256(string=, *, usedforsecurity=)" => |vm, _, a| start(vm, a, "sha3_256"),
    "sha3_512(string=, *, usedforsecurity=)" => |vm, _, a| start(vm, a, "sha3_512"),
    "md5(string=, *, usedforsecurity=)" => |vm, _, a| start(vm, a, "md5"),
    "new(name, data=, *, usedforsecurity=)" => |vm, _, a| {
        let name = a.str(0)?.to_ascii_lowercase().replace('-', "");
        let data = match a.get(1) { Some(data) => bytes_of(data)?.to_vec(), None => Vec::new() };
        make(vm, &name, data)
    },
}

table! { hmac_functions:
    "new(key, msg=, digestmod=)" => |vm, _, a| {
        let key = bytes_of(a.at(0))?.to_vec();
        let data = match a.some(1) { Some(data) => bytes_of(data)?.to_vec(), None => Vec::new() };
        let name = digest_name(a.some(2))?;
        algorithm(&name)?;
        vm.charge(data.len() + key.len())?;
        Ok(Value::lib(Hash { name, key: Some(key), data: Mutex::new(data) }))
    },
    "digest(key, msg, digest)" => |vm, _, a| {
        let hash = Hash {
            name: digest_name(a.some(2))?,
            key: Some(bytes_of(a.at(0))?.to_vec()),
            data: Mutex::new(bytes_of(a.at(1))?.to_vec()),
        };
        vm.charge(64)?;
        hash.finish().map(Value::bytes)
    },
    "compare_digest(a, b, /)" => compare_digest,
}

pub fn compare_digest(_: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let (a, b) = match (args.at(0), args.at(1)) {
        (Value::Str(a), Value::Str(b)) if a.is_ascii() && b.is_ascii() => (a.as_bytes(), b.as_bytes()),
        (Value::Str(_), Value::Str(_)) => {
            return Err(type_error("comparing strings with non-ASCII characters is not supported"));
        }
        (Value::Bytes(a), Value::Bytes(b)) => (&**a, &**b),
        (a, b) => {
            return Err(type_error(format!(
                "unsupported operand types(s) or combination of types: '{}' and '{}'",
                a.type_name(),
                b.type_name()
            )));
        }
    };
    Ok(Value::Bool(constant_time::verify_slices_are_equal(a, b).is_ok()))
}

fn bytes_of(value: &Value) -> R<&[u8]> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        Value::Str(_) => Err(type_error("Strings must be encoded before hashing")),
        _ => Err(type_error("object supporting the buffer API required")),
    }
}

fn digest_name(value: Option<&Value>) -> R<String> {
    match value {
        Some(Value::Str(name)) => Ok(name.to_ascii_lowercase().replace('-', "")),
        Some(function @ Value::Native(_)) => Ok(function_name(function, false)),
        _ => Err(type_error("Missing required argument 'digestmod'.")),
    }
}

fn start(vm: &mut Vm, args: &Args<'_>, name: &str) -> R<Value> {
    let data = match args.get(0) {
        Some(data) => bytes_of(data)?.to_vec(),
        None => Vec::new(),
    };
    make(vm, name, data)
}

fn make(vm: &mut Vm, name: &str, data: Vec<u8>) -> R<Value> {
    vm.charge(data.len() + 64)?;
    algorithm(name)?;
    Ok(Value::lib(Hash { name: name.to_owned(), key: None, data: Mutex::new(data) }))
}

/// A hash function, and its HMAC where there is one.
enum Algorithm {
    Aws(&'static digest::Algorithm, Option<hmac::Algorithm>),
    Md5,
}

fn algorithm(name: &str) -> R<Algorithm> {
    Ok(match name {
        "sha1" => Algorithm::Aws(&digest::SHA1_FOR_LEGACY_USE_ONLY, Some(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY)),
        "sha224" => Algorithm::Aws(&digest::SHA224, Some(hmac::HMAC_SHA224)),
        "sha256" => Algorithm::Aws(&digest::SHA256, Some(hmac::HMAC_SHA256)),
        "sha384" => Algorithm::Aws(&digest::SHA384, Some(hmac::HMAC_SHA384)),
        "sha512" => Algorithm::Aws(&digest::SHA512, Some(hmac::HMAC_SHA512)),
        "sha3_256" => Algorithm::Aws(&digest::SHA3_256, None),
        "sha3_512" => Algorithm::Aws(&digest::SHA3_512, None),
        "md5" => Algorithm::Md5,
        other => return Err(value_error(format!("unsupported hash type {other}"))),
    })
}

#[derive(Debug)]
struct Hash {
    name: String,
    key: Option<Vec<u8>>,
    data: Mutex<Vec<u8>>,
}

impl Hash {
    fn finish(&self) -> R<Vec<u8>> {
        let data = self.data.lock();
        match (algorithm(&self.name)?, &self.key) {
            (Algorithm::Aws(algorithm, _), None) => Ok(digest::digest(algorithm, &data).as_ref().to_vec()),
            (Algorithm::Md5, None) => Ok(md5(&data).to_vec()),
            (Algorithm::Aws(_, Some(algorithm)), Some(key)) => {
                Ok(hmac::sign(&hmac::Key::new(algorithm, key), &data).as_ref().to_vec())
            }
            (Algorithm::Md5, Some(key)) => {
                // RFC 2104 section 2.
                let mut block = if key.len() > 64 { md5(key).to_vec() } else { key.clone() };
                block.resize(64, 0);
                let pad = |byte: u8| block.iter().map(|key| key ^ byte).collect::<Vec<u8>>();
                let inner = md5(&[pad(0x36), data.clone()].concat());
                Ok(md5(&[pad(0x5c), inner.to_vec()].concat()).to_vec())
            }
            (Algorithm::Aws(_, None), Some(_)) => Err(value_error(format!("unsupported hash type {}", self.name))),
        }
    }
}

static TYPE: LibType = LibType { name: "HASH", module: "_hashlib", construct: None, statics: None, base: None };

fn hash(value: &Value) -> R<&Hash> {
    value.downcast_lib::<Hash>().ok_or_else(|| type_error("expected a hash"))
}

table! { methods:
    "update(obj, /)" => |vm, h, a| {
        let data = bytes_of(a.at(0))?;
        vm.charge(data.len())?;
        hash(h)?.data.lock().extend_from_slice(data);
        Ok(Value::None)
    },
    "digest()" => |vm, h, _| { vm.charge(64)?; hash(h)?.finish().map(Value::bytes) },
    "hexdigest()" => |vm, h, _| { let text = hex(&hash(h)?.finish()?); vm.text(text) },
    "copy()" => |vm, h, _| {
        let own = hash(h)?;
        let data = own.data.lock().clone();
        vm.charge(data.len())?;
        Ok(Value::Lib(Arc::new(Hash { name: own.name.clone(), key: own.key.clone(), data: Mutex::new(data) })))
    },
}

impl LibObject for Hash {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &TYPE
    }
    fn methods(&self) -> Option<&'static Table> {
        Some(methods())
    }
    fn attr(&self, _: &mut Vm, name: &str) -> R<Option<Value>> {
        Ok(match name {
            "name" => Some(Value::str(&self.name)),
            "digest_size" => Some(Value::usize(self.finish()?.len())),
            "block_size" => Some(Value::Int(if matches!(self.name.as_str(), "sha384" | "sha512") { 128 } else { 64 })),
            _ => None,
        })
    }
}

/// RFC 1321, for colours and addresses of pictures and nothing that needs to be secure; aws-lc-rs has no MD5.
pub fn md5(data: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let sines: Vec<u32> = (1..=64).map(|step| (f64::from(step).sin().abs() * 4_294_967_296.0) as u32).collect();
    let mut message = data.to_vec();
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend(((data.len() as u64).wrapping_mul(8)).to_le_bytes());
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in message.chunks_exact(64) {
        let words: Vec<u32> = block.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect();
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64 {
            let (mix, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let sum = a.wrapping_add(mix).wrapping_add(sines[step]).wrapping_add(words[word]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[step / 16][step % 4]));
        }
        for (total, part) in state.iter_mut().zip([a, b, c, d]) {
            *total = total.wrapping_add(part);
        }
    }
    let mut out = [0; 16];
    for (index, word) in state.iter().enumerate() {
        out[index * 4..index * 4 + 4].copy_from_slice(&word.to_le_bytes());
    }
    out
}

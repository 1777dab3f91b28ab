//! `uuid`.

use std::any::Any;
use std::cmp::Ordering;

use num_bigint::BigInt;

use crate::flow::{R, type_error, value_error};
use crate::lib_object::LibObject;
use crate::native::{Args, Def, Sig, table};
use crate::value::{LibType, Type, Value};
use crate::vm::Vm;

pub fn module() -> Value {
    super::from_table(
        "uuid",
        functions(),
        vec![
            ("UUID", Value::Type(Type::Lib(&TYPE))),
            ("NAMESPACE_DNS", Value::lib(Uuid(::uuid::Uuid::NAMESPACE_DNS))),
            ("NAMESPACE_URL", Value::lib(Uuid(::uuid::Uuid::NAMESPACE_URL))),
            ("NAMESPACE_OID", Value::lib(Uuid(::uuid::Uuid::NAMESPACE_OID))),
            ("NAMESPACE_X500", Value::lib(Uuid(::uuid::Uuid::NAMESPACE_X500))),
        ],
    )
}

table! { functions:
    "uuid4()" => |vm, _, _| {
        let mut bytes = [0; 16];
        vm.random_bytes(&mut bytes);
        Ok(Value::lib(Uuid(::uuid::Builder::from_random_bytes(bytes).into_uuid())))
    },
    "uuid5(namespace, name)" => |_, _, a| match a.at(0).downcast_lib::<Uuid>() {
        Some(namespace) => Ok(Value::lib(Uuid(::uuid::Uuid::new_v5(&namespace.0, a.str(1)?.as_bytes())))),
        None => Err(type_error("namespace must be a UUID")),
    },
}

impl From<::uuid::Uuid> for Value {
    fn from(id: ::uuid::Uuid) -> Self {
        Self::lib(Uuid(id))
    }
}

#[derive(Debug)]
struct Uuid(::uuid::Uuid);

static TYPE: LibType =
    LibType { name: "UUID", module: "uuid", construct: Some(constructor), statics: None, base: None };

fn constructor() -> &'static Def {
    static DEF: std::sync::LazyLock<Def> = std::sync::LazyLock::new(|| Def {
        sig: Sig::parse("UUID(hex=, bytes=, bytes_le=, fields=, int=, version=)"),
        run: construct,
    });
    &DEF
}

fn construct(_: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    if let Some(value) = args.some(1) {
        let Value::Bytes(bytes) = value else { return Err(type_error("bytes must be bytes")) };
        let id = ::uuid::Uuid::from_slice(bytes).map_err(|_| value_error("bytes is not a 16-char string"))?;
        return Ok(Value::lib(Uuid(id)));
    }
    if let Some(number) = args.some(4) {
        let number = number.as_big().and_then(|number| u128::try_from(number).ok());
        let number = number.ok_or_else(|| value_error("int is out of range (need a 128-bit value)"))?;
        return Ok(Value::lib(Uuid(::uuid::Uuid::from_u128(number))));
    }
    let text = match args.some(0) {
        Some(Value::Str(text)) => text,
        Some(other) => {
            return Err(crate::flow::raise(
                "AttributeError",
                format!("'{}' object has no attribute 'replace'", other.type_name()),
            ));
        }
        None => {
            return Err(type_error("one of the hex, bytes, bytes_le, fields, or int arguments must be given"));
        }
    };
    let plain = text.replace("urn:", "").replace("uuid:", "");
    let plain: String = plain.trim_matches(['{', '}']).chars().filter(|c| *c != '-').collect();
    if plain.len() != 32 || !plain.is_ascii() {
        return Err(value_error("badly formed hexadecimal UUID string"));
    }
    let number = u128::from_str_radix(&plain, 16)
        .map_err(|_| value_error(format!("invalid literal for int() with base 16: '{plain}'")))?;
    Ok(Value::lib(Uuid(::uuid::Uuid::from_u128(number))))
}

impl LibObject for Uuid {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &TYPE
    }
    fn attr(&self, _: &mut Vm, name: &str) -> R<Option<Value>> {
        Ok(Some(match name {
            "hex" => Value::from(self.0.simple().to_string()),
            "int" | "__int__" => Value::int(BigInt::from(self.0.as_u128())),
            "bytes" => Value::bytes(self.0.as_bytes()),
            "version" if self.0.get_version_num() == 0 => Value::None,
            "version" => Value::Int(self.0.get_version_num() as i64),
            "urn" => Value::from(format!("urn:uuid:{}", self.0)),
            _ => return Ok(None),
        }))
    }
    fn repr(&self, _: &mut Vm) -> R<String> {
        Ok(format!("UUID('{}')", self.0))
    }
    fn str(&self, _: &mut Vm) -> R<String> {
        Ok(self.0.to_string())
    }
    fn equals(&self, other: &Value) -> bool {
        other.downcast_lib::<Uuid>().is_some_and(|other| other.0 == self.0)
    }
    fn hash_key(&self) -> Option<u64> {
        Some(self.0.as_u64_pair().0 ^ self.0.as_u64_pair().1)
    }
    fn compare(&self, other: &Value) -> R<Option<Ordering>> {
        Ok(other.downcast_lib::<Uuid>().map(|other| self.0.cmp(&other.0)))
    }
    fn json_text(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

//! `string`: constants, `capwords`, `Template`.

use std::any::Any;

use crate::flow::{R, key_error, value_error};
use crate::lib_object::LibObject;
use crate::native::{Args, Def, Table, table};
use crate::ops;
use crate::value::{Key, LibType, Type, Value};
use crate::vm::Vm;

pub fn module() -> Value {
    let lower = "abcdefghijklmnopqrstuvwxyz";
    let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let digits = "0123456789";
    let punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    let space = " \t\n\r\x0b\x0c";
    super::from_table(
        "string",
        functions(),
        vec![
            ("ascii_lowercase", Value::str(lower)),
            ("ascii_uppercase", Value::str(upper)),
            ("ascii_letters", Value::from(format!("{lower}{upper}"))),
            ("digits", Value::str(digits)),
            ("hexdigits", Value::str("0123456789abcdefABCDEF")),
            ("octdigits", Value::str("01234567")),
            ("punctuation", Value::str(punctuation)),
            ("whitespace", Value::str(space)),
            ("printable", Value::from(format!("{digits}{lower}{upper}{punctuation}{space}"))),
            ("Template", Value::Type(Type::Lib(&TEMPLATE))),
        ],
    )
}

table! { functions:
    "capwords(s, sep=)" => |vm, _, a| {
        let text = a.str(0)?;
        let capital = |word: &str| {
            let mut chars = word.chars();
            chars.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect::<String>()
            })
        };
        let out = match a.opt_str(1)? {
            Some(sep) if !sep.is_empty() => text.split(sep).map(capital).collect::<Vec<_>>().join(sep),
            _ => text.split_whitespace().map(capital).collect::<Vec<_>>().join(" "),
        };
        vm.text(out)
    },
}

static TEMPLATE: LibType =
    LibType { name: "Template", module: "string", construct: Some(constructor), statics: None, base: None };

fn constructor() -> &'static Def {
    static DEF: std::sync::LazyLock<Def> = std::sync::LazyLock::new(|| Def {
        sig: crate::native::Sig::parse("Template(template)"),
        run: |_, _, a| Ok(Value::lib(Template(a.str(0)?.to_owned()))),
    });
    &DEF
}

#[derive(Debug)]
struct Template(String);

table! { template_methods:
    "substitute(mapping=, /, **kws)" => |vm, t, a| substitute(vm, t, a, true),
    "safe_substitute(mapping=, /, **kws)" => |vm, t, a| substitute(vm, t, a, false),
}

impl LibObject for Template {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &TEMPLATE
    }
    fn methods(&self) -> Option<&'static Table> {
        Some(template_methods())
    }
}

fn substitute(vm: &mut Vm, receiver: &Value, args: &Args<'_>, strict: bool) -> R<Value> {
    let Some(Template(template)) = receiver.downcast_lib::<Template>() else { return Ok(Value::None) };
    let lookup = |name: &str| -> Option<Value> {
        if let Some((_, value)) = args.extra().find(|(key, _)| &**key == name) {
            return Some(value.clone());
        }
        match args.get(0) {
            Some(Value::Dict(dict)) => dict.get().get(&Key::str(name)).cloned(),
            _ => None,
        }
    };
    let mut out = String::new();
    let mut rest = template.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
            continue;
        }
        let (braced, body) = after.strip_prefix('{').map_or((false, after), |body| (true, body));
        let end = body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(body.len());
        let name = &body[..end];
        let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && (!braced || body[end..].starts_with('}'));
        if !valid {
            if strict {
                let head = &template[..template.len() - after.len() - 1];
                let line = head.matches('\n').count() + 1;
                let column = head.rsplit('\n').next().unwrap_or("").chars().count() + 1;
                return Err(value_error(format!("Invalid placeholder in string: line {line}, col {column}")));
            }
            out.push('$');
            rest = after;
            continue;
        }
        rest = &body[end + usize::from(braced)..];
        match lookup(name) {
            Some(value) => {
                let text = ops::repr::str(vm, &value)?;
                vm.charge(text.len())?;
                out.push_str(&text);
            }
            None if strict => return Err(key_error(Value::str(name))),
            None if braced => out.push_str(&format!("${{{name}}}")),
            None => out.push_str(&format!("${name}")),
        }
    }
    out.push_str(rest);
    vm.text(out)
}

//! `a.b`: reading, writing, and finding the method to call.
//!
//! SECURITY: a name with a leading double underscore is answered only for the few entries here;
//! nothing leads from a value to the machine's own objects.

use std::sync::Arc;

use crate::flow::{R, attribute_error, raise};
use crate::native::{Def, tables};
use crate::value::{Method, MethodTarget, Type, Value};
use crate::vm::Vm;

/// The native method of this name.
pub fn method(object: &Value, name: &str) -> Option<&'static Def> {
    let table = match object {
        Value::Lib(lib) => lib.methods()?,
        other => tables::methods(other)?,
    };
    table.get(name)
}

/// `object.name`.
pub fn get(vm: &mut Vm, object: &Value, name: &str) -> R<Value> {
    if let Some(def) = method(object, name) {
        vm.charge(64)?;
        let method = Method::new(object.clone(), MethodTarget::Native(def));
        return Ok(Value::Method(Arc::new(method)));
    }
    match object {
        Value::Host(host) => {
            if host.has_method(name) {
                vm.charge(64)?;
                let method = Method::new(object.clone(), MethodTarget::Host(Arc::from(name)));
                return Ok(Value::Method(Arc::new(method)));
            }
            if name == "__class__" {
                return Ok(Value::Type(object.type_of()));
            }
            return host.attr(name).into_result();
        }
        Value::Lib(lib) => {
            let lib = lib.clone();
            if let Some(value) = lib.attr(vm, name)? {
                return Ok(value);
            }
        }
        Value::Module(module) => {
            return module
                .get(name)
                .ok_or_else(|| raise("AttributeError", format!("module '{}' has no attribute '{name}'", module.name)));
        }
        Value::Type(ty) => return type_attr(vm, ty, name),
        Value::Exc(exc) => {
            if let Some(value) = exception_attr(exc, name) {
                return Ok(value);
            }
        }
        Value::Tuple(tuple) => {
            if let Some(named) = &tuple.named {
                if let Some(at) = named.fields.iter().position(|field| &**field == name) {
                    return Ok(tuple.items().get(at).cloned().unwrap_or(Value::None));
                }
                if name == "_fields" {
                    let fields = named.fields.iter().map(|field| Value::Str(field.clone())).collect();
                    return Ok(Value::tuple(fields));
                }
                if let Some(value) = crate::modules::urllib::parts_attr(vm, object, name)? {
                    return Ok(value);
                }
            }
        }
        Value::Slice(slice) => match name {
            "start" => return Ok(slice.start.clone()),
            "stop" => return Ok(slice.stop.clone()),
            "step" => return Ok(slice.step.clone()),
            _ => {}
        },
        Value::Range(range) => match name {
            "start" => return Ok(Value::Int(range.start)),
            "stop" => return Ok(Value::Int(range.stop)),
            "step" => return Ok(Value::Int(range.step)),
            _ => {}
        },
        Value::Int(_) | Value::Big(_) | Value::Bool(_) => match name {
            "real" | "numerator" => return Ok(Value::int(object.as_big().unwrap_or_default())),
            "imag" => return Ok(Value::Int(0)),
            "denominator" => return Ok(Value::Int(1)),
            _ => {}
        },
        Value::Float(number) => match name {
            "real" => return Ok(Value::Float(*number)),
            "imag" => return Ok(Value::Float(0.0)),
            _ => {}
        },
        Value::Native(def) if name == "from_iterable" => {
            if let Some(value) = crate::modules::function_attr(def.sig.name, name) {
                return Ok(value);
            }
        }
        Value::Func(_) | Value::Native(_) | Value::Method(_) | Value::HostFn(_)
            if matches!(name, "__name__" | "__qualname__") =>
        {
            return Ok(Value::str(function_name(object, name == "__qualname__")));
        }
        Value::Gen(_) if matches!(name, "__name__") => return Ok(Value::str(object.type_name())),
        _ => {}
    }
    match name {
        "__class__" => Ok(Value::Type(object.type_of())),
        "__doc__" => Ok(Value::None),
        _ => Err(attribute_error(&object.type_name(), name)),
    }
}

/// The name of a function, as error messages and JSON show it.
pub fn function_name(function: &Value, qualified: bool) -> String {
    match function {
        Value::Func(function) if qualified => function.code.qualified.clone(),
        Value::Func(function) => function.code.name.clone(),
        Value::Native(def) => def.sig.name.to_owned(),
        Value::Method(method) => method.name().to_owned(),
        Value::HostFn(function) => function.name.clone(),
        other => other.type_name(),
    }
}

fn exception_attr(exc: &crate::value::Exc, name: &str) -> Option<Value> {
    let linked = exc.linked.0.lock();
    if let Some((_, value)) = linked.attrs.iter().find(|(key, _)| &**key == name) {
        return Some(value.clone());
    }
    match name {
        "args" => Some(Value::tuple(exc.args().to_vec())),
        "__cause__" => Some(linked.cause.clone().unwrap_or(Value::None)),
        "__context__" => Some(linked.context.clone().unwrap_or(Value::None)),
        "__traceback__" => Some(Value::None),
        "value" if exc.ty.is_named("StopIteration") => Some(exc.args().first().cloned().unwrap_or(Value::None)),
        _ => None,
    }
}

fn type_attr(vm: &mut Vm, ty: &Type, name: &str) -> R<Value> {
    match name {
        "__name__" => return Ok(Value::str(ty.name())),
        "__qualname__" => return Ok(Value::str(ty.name())),
        "__module__" => return Ok(Value::str(ty.module())),
        "__class__" => return Ok(Value::Type(Type::Builtin(crate::value::Ty::Type))),
        "__doc__" => return Ok(Value::None),
        _ => {}
    }
    let found = match ty {
        Type::Builtin(builtin) => {
            if let Some(value) = tables::statics(*builtin, name) {
                return Ok(value);
            }
            tables::type_methods(*builtin).and_then(|table| table.get(name))
        }
        Type::Lib(lib) => {
            if let Some(statics) = lib.statics
                && let Some(value) = statics(vm, name)?
            {
                return Ok(value);
            }
            None
        }
        Type::Named(named) => {
            if name == "_fields" {
                let fields = named.fields.iter().map(|field| Value::Str(field.clone())).collect();
                return Ok(Value::tuple(fields));
            }
            None
        }
        _ => None,
    };
    if let Some(def) = found {
        let target = MethodTarget::Unbound(def, ty.clone());
        Ok(Value::Method(Arc::new(Method::new(Value::None, target))))
    } else {
        let message = format!("type object '{}' has no attribute '{name}'", ty.name());
        Err(raise("AttributeError", message))
    }
}

/// `object.name = value`, or `del object.name` without a value.
pub fn set(object: &Value, name: &str, value: Option<&Value>) -> R<()> {
    match object {
        Value::Host(host) => {
            let result = match value {
                Some(value) => host.set_attr(name, value),
                None => host.del_attr(name),
            };
            result.into_result().map(drop)
        }
        Value::Exc(exc) => {
            let mut linked = exc.linked.0.lock();
            linked.attrs.retain(|(key, _)| &**key != name);
            if let Some(value) = value {
                linked.attrs.push((Arc::from(name), value.clone()));
            }
            Ok(())
        }
        other => {
            let type_name = other.type_name();
            if method(other, name).is_some() {
                let message = format!("'{type_name}' object attribute '{name}' is read-only");
                return Err(raise("AttributeError", message));
            }
            Err(attribute_error(&type_name, name))
        }
    }
}

//! Putting the arguments of a call into the slots of a function written in the expression.

use std::sync::Arc;

use crate::compile::code::Code;
use crate::flow::{Flow, R, type_error};
use crate::value::{Dict, DictData, Func, Key, Value};

/// The slots of `function`, filled from the arguments.
pub(super) fn fill(function: &Func, mut positional: Vec<Value>, keyword: &[(Arc<str>, Value)]) -> R<Vec<Value>> {
    let code = &*function.code;
    let params = &code.params;
    let refs = &function.refs.0;
    if keyword.is_empty()
        && positional.len() == params.positional
        && params.keyword_only == 0
        && !params.var_positional
        && !params.var_keyword
    {
        return Ok(positional);
    }
    let given = positional.len();
    let rest = if given > params.positional { positional.split_off(params.positional) } else { Vec::new() };
    if !rest.is_empty() && !params.var_positional {
        return Err(too_many(code, refs.defaults.len(), given, keyword));
    }
    let named = params.positional + params.keyword_only;
    let mut slots = positional;
    slots.resize(named, Value::Unbound);
    let mut extra = DictData::new();
    for (name, value) in keyword {
        let names = code.local_names.get(params.positional_only..named).unwrap_or(&[]);
        match names.iter().position(|known| known == name) {
            Some(index) => {
                let slot = &mut slots[params.positional_only + index];
                if !matches!(slot, Value::Unbound) {
                    let message = format!("{}() got multiple values for argument '{name}'", code.qualified);
                    return Err(type_error(message));
                }
                *slot = value.clone();
            }
            None if params.var_keyword => {
                extra.insert(Key::str(name), value.clone());
            }
            None => {
                let is_positional_only = code.local_names[..params.positional_only].iter().any(|known| known == name);
                let message = if is_positional_only {
                    format!(
                        "{}() got some positional-only arguments passed as keyword arguments: '{name}'",
                        code.qualified
                    )
                } else {
                    format!("{}() got an unexpected keyword argument '{name}'", code.qualified)
                };
                return Err(type_error(message));
            }
        }
    }
    let first_default = params.positional - refs.defaults.len().min(params.positional);
    for (index, default) in refs.defaults.iter().enumerate() {
        if let Some(slot @ Value::Unbound) = slots.get_mut(first_default + index) {
            *slot = default.clone();
        }
    }
    for (index, default) in &refs.kw_defaults {
        if let Some(slot @ Value::Unbound) = slots.get_mut(*index as usize) {
            *slot = default.clone();
        }
    }
    check_missing(code, &slots, 0..params.positional, "positional")?;
    check_missing(code, &slots, params.positional..named, "keyword-only")?;
    if params.var_positional {
        slots.push(Value::tuple(rest));
    }
    if params.var_keyword {
        slots.push(Value::Dict(Arc::new(Dict::new(extra))));
    }
    Ok(slots)
}

fn check_missing(code: &Code, slots: &[Value], range: std::ops::Range<usize>, kind: &str) -> R<()> {
    let missing: Vec<String> = range
        .filter(|index| matches!(slots.get(*index), Some(Value::Unbound)))
        .map(|index| format!("'{}'", code.local_names[index]))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let count = missing.len();
    let plural = if count == 1 { "" } else { "s" };
    let names = match missing.as_slice() {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [head @ .., last] => format!("{}, and {last}", head.join(", ")),
        [] => String::new(),
    };
    let name = &code.qualified;
    Err(type_error(format!("{name}() missing {count} required {kind} argument{plural}: {names}")))
}

fn too_many(code: &Code, defaults: usize, given: usize, keyword: &[(Arc<str>, Value)]) -> Flow {
    let most = code.params.positional;
    let least = most - defaults.min(most);
    let name = &code.qualified;
    let takes = if least == most {
        format!("{most} positional argument{}", if most == 1 { "" } else { "s" })
    } else {
        format!("from {least} to {most} positional arguments")
    };
    let first_kw = most;
    let kw_only = keyword
        .iter()
        .filter(|(name, _)| {
            code.local_names
                .get(first_kw..first_kw + code.params.keyword_only)
                .is_some_and(|names| names.contains(name))
        })
        .count();
    if kw_only > 0 {
        return type_error(format!(
            "{name}() takes {takes} but {given} positional argument{} (and {kw_only} keyword-only argument{}) were given",
            if given == 1 { "" } else { "s" },
            if kw_only == 1 { "" } else { "s" }
        ));
    }
    let were = if given == 1 { "was" } else { "were" };
    type_error(format!("{name}() takes {takes} but {given} {were} given"))
}

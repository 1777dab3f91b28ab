//! `itertools`.

use crate::flow::{R, value_error};
use crate::native::{Args, table, to_index};
use crate::ops;
use crate::value::Value;
use crate::vm::Vm;
use crate::vm::iter::IterState;

pub fn module() -> Value {
    super::from_table("itertools", functions(), vec![])
}

table! { functions:
    "chain(*iterables)" => |_, _, a| {
        Ok(IterState::Chain(a.rest().iter().rev().cloned().collect(), None).value())
    },
    "islice(iterable, start, stop=, step=, /)" => islice,
    "takewhile(predicate, iterable, /)" => |vm, _, a| {
        let source = vm.iter(a.at(1))?;
        Ok(IterState::TakeWhile(a.at(0).clone(), source).value())
    },
    "dropwhile(predicate, iterable, /)" => |vm, _, a| {
        let source = vm.iter(a.at(1))?;
        Ok(IterState::DropWhile(a.at(0).clone(), source, false).value())
    },
    "count(start=, step=)" => |_, _, a| {
        let part = |index: usize, default: i64| a.get(index).cloned().unwrap_or(Value::Int(default));
        Ok(IterState::Count(part(0, 0), part(1, 1)).value())
    },
    "repeat(object, times=)" => |_, _, a| {
        let times = a.get(1).map(to_index).transpose()?.map(|n| u64::try_from(n).unwrap_or(0));
        Ok(IterState::Repeat(a.at(0).clone(), times).value())
    },
    "cycle(iterable, /)" => |vm, _, a| {
        let source = vm.iter(a.at(0))?;
        Ok(IterState::Cycle(Some(source), Vec::new(), 0).value())
    },
    "starmap(function, iterable, /)" => |vm, _, a| {
        let source = vm.iter(a.at(1))?;
        Ok(IterState::StarMap(a.at(0).clone(), source).value())
    },
    "accumulate(iterable, func=, *, initial=)" => |vm, _, a| {
        let source = vm.iter(a.at(0))?;
        let function = a.get(1).cloned().unwrap_or(Value::None);
        match a.some(2) {
            None => Ok(IterState::Accumulate(function, source, None).value()),
            Some(initial) => {
                let rest = IterState::Accumulate(function, source, Some(initial.clone())).value();
                Ok(IterState::Chain(vec![rest, Value::list(vec![initial.clone()])], None).value())
            }
        }
    },
    "pairwise(iterable, /)" => |vm, _, a| {
        let source = vm.iter(a.at(0))?;
        Ok(IterState::Pairwise(source, None).value())
    },
    "product(*iterables, repeat=)" => product,
    "permutations(iterable, r=)" => |vm, _, a| arrangements(vm, a, false),
    "combinations(iterable, r)" => |vm, _, a| arrangements(vm, a, true),
    "zip_longest(*iterables, fillvalue=)" => zip_longest,
    "groupby(iterable, key=)" => groupby,
    "compress(data, selectors)" => |vm, _, a| {
        let (data, flags) = (vm.collect(a.at(0))?, vm.collect(a.at(1))?);
        let mut out = Vec::new();
        for (item, flag) in data.into_iter().zip(flags) {
            if ops::truth(vm, &flag)? {
                out.push(item);
            }
        }
        Ok(IterState::Values(out, 0).value())
    },
    "filterfalse(function, iterable, /)" => |vm, _, a| {
        let mut out = Vec::new();
        for item in vm.collect(a.at(1))? {
            let verdict = if a.at(0).is_none() { item.clone() } else { vm.call(a.at(0), std::slice::from_ref(&item), &[])? };
            if !ops::truth(vm, &verdict)? {
                out.push(item);
            }
        }
        Ok(IterState::Values(out, 0).value())
    },
}

table! { chain_statics:
    "from_iterable(iterable, /)" => |vm, _, a| {
        let mut sources = vm.collect(a.at(0))?;
        sources.reverse();
        Ok(IterState::Chain(sources, None).value())
    },
}

/// `chain.from_iterable` and the like: attributes of functions of this module.
pub fn function_attr(function: &str, name: &str) -> Option<Value> {
    if function != "chain" {
        return None;
    }
    chain_statics().get(name).map(Value::Native)
}

fn islice(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let source = vm.iter(args.at(0))?;
    let bound = |value: Option<&Value>, default: Option<i64>| -> R<Option<i64>> {
        match value.filter(|value| !value.is_none()) {
            None => Ok(default),
            Some(value) => match to_index(value)? {
                n if n >= 0 => Ok(Some(n)),
                _ => Err(value_error("Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")),
            },
        }
    };
    let (start, stop) = match args.get(2) {
        None => (Some(0), bound(Some(args.at(1)), None)?),
        Some(stop) => (bound(Some(args.at(1)), Some(0))?, bound(Some(stop), None)?),
    };
    let step = bound(args.get(3), Some(1))?.unwrap_or(1);
    if step == 0 {
        return Err(value_error("Step for islice() must be a positive integer or None."));
    }
    Ok(IterState::Islice { source, position: 0, next: start.unwrap_or(0), stop, step }.value())
}

fn product(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let mut pools = Vec::new();
    for source in args.rest() {
        pools.push(vm.collect(source)?);
    }
    let repeat = usize::try_from(args.int_or(0, 1)?).unwrap_or(0);
    vm.charge_items(pools.len().saturating_mul(repeat))?;
    let pools: Vec<Vec<Value>> = std::iter::repeat_n(pools, repeat).flatten().collect();
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for pool in pools {
        let mut next = Vec::new();
        for row in &rows {
            for item in &pool {
                vm.charge_items(row.len() + 4)?;
                vm.tick(1)?;
                let mut longer = row.clone();
                longer.push(item.clone());
                next.push(longer);
            }
        }
        rows = next;
    }
    Ok(IterState::Values(rows.into_iter().map(Value::tuple).collect(), 0).value())
}

fn arrangements(vm: &mut Vm, args: &Args<'_>, ordered: bool) -> R<Value> {
    let pool = vm.collect(args.at(0))?;
    let size = match args.some(1) {
        None => pool.len(),
        Some(size) => usize::try_from(to_index(size)?).map_err(|_| value_error("r must be non-negative"))?,
    };
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    if size > pool.len() {
        rows.clear();
    }
    for _ in 0..size.min(pool.len()) {
        let mut next = Vec::new();
        for row in &rows {
            let from = if ordered { row.last().map_or(0, |last| last + 1) } else { 0 };
            for index in from..pool.len() {
                vm.tick(1)?;
                if !row.contains(&index) {
                    vm.charge_items(row.len() + 4)?;
                    let mut longer = row.clone();
                    longer.push(index);
                    next.push(longer);
                }
            }
        }
        rows = next;
    }
    let items =
        rows.into_iter().map(|row| Value::tuple(row.into_iter().map(|index| pool[index].clone()).collect())).collect();
    Ok(IterState::Values(items, 0).value())
}

fn zip_longest(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let fill = args.get(0).cloned().unwrap_or(Value::None);
    let mut columns = Vec::new();
    for source in args.rest() {
        columns.push(vm.collect(source)?);
    }
    let len = columns.iter().map(Vec::len).max().unwrap_or(0);
    vm.charge_items(len.saturating_mul(columns.len() + 2))?;
    let rows = (0..len)
        .map(|index| {
            let row = columns.iter().map(|column| column.get(index).unwrap_or(&fill).clone());
            Value::tuple(row.collect())
        })
        .collect();
    Ok(IterState::Values(rows, 0).value())
}

fn groupby(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for item in vm.collect(args.at(0))? {
        let key = match args.some(1) {
            Some(function) => vm.call(function, std::slice::from_ref(&item), &[])?,
            None => item.clone(),
        };
        match groups.last_mut() {
            Some((last, items)) if ops::same(last, &key)? => items.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    vm.charge_items(groups.len() * 6)?;
    let items =
        groups.into_iter().map(|(key, items)| Value::tuple(vec![key, IterState::Values(items, 0).value()])).collect();
    Ok(IterState::Values(items, 0).value())
}

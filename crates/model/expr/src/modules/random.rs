//! `random` and `secrets`, over the randomness of the host.

use crate::flow::{R, index_error, value_error};
use crate::native::{Args, table};
use crate::ops;
use crate::value::Value;
use crate::vm::Vm;

table! { functions:
    "random()" => |vm, _, _| Ok(Value::Float(unit(vm))),
    "uniform(a, b)" => |vm, _, a| { let (x, y) = (a.float(0)?, a.float(1)?); Ok(Value::Float(x + (y - x) * unit(vm))) },
    "randint(a, b)" => |vm, _, a| between(vm, a.int(0)?, a.int(1)?),
    "randrange(start, stop=, step=)" => |vm, _, a| {
        let (start, stop) = match a.get(1) { Some(_) => (a.int(0)?, a.int(1)?), None => (0, a.int(0)?) };
        let step = a.int_or(2, 1)?;
        if step <= 0 || start >= stop {
            return Err(value_error(format!("empty range in randrange({start}, {stop})")));
        }
        let count = ((i128::from(stop) - i128::from(start) - 1) / i128::from(step) + 1) as u64;
        Ok(Value::Int(start.wrapping_add((below(vm, count) as i64).wrapping_mul(step))))
    },
    "choice(seq)" => choice,
    "choices(population, weights=, *, cum_weights=, k=)" => |vm, _, a| {
        let pool = vm.collect(a.at(0))?;
        let count = usize::try_from(a.int_or(3, 1)?).unwrap_or(0);
        if pool.is_empty() {
            return Err(index_error("Cannot choose from an empty population"));
        }
        vm.charge_items(count)?;
        let items = (0..count).map(|_| pool[below(vm, pool.len() as u64) as usize].clone()).collect();
        Ok(Value::list(items))
    },
    "sample(population, k)" => |vm, _, a| {
        let mut pool = vm.collect(a.at(0))?;
        let count = usize::try_from(a.int(1)?).unwrap_or(usize::MAX);
        if count > pool.len() {
            return Err(value_error("Sample larger than population or is negative"));
        }
        shuffle(vm, &mut pool);
        pool.truncate(count);
        Ok(Value::list(pool))
    },
    "shuffle(x)" => |vm, _, a| {
        let mut items = vm.collect(a.at(0))?;
        shuffle(vm, &mut items);
        if let Value::List(list) = a.at(0) {
            let old = std::mem::replace(&mut *list.set(), items);
            drop(old);
        }
        Ok(Value::None)
    },
    "seed(a=)" => |_, _, _| Ok(Value::None),
    "getrandbits(k)" => |vm, _, a| {
        let bits = u64::try_from(a.int(0)?).map_err(|_| value_error("number of bits must be non-negative"))?;
        bits_value(vm, bits)
    },
}

table! { secrets:
    "token_hex(nbytes=)" => |vm, _, a| {
        let bytes = random(vm, a)?;
        vm.text(super::base64::hex(&bytes))
    },
    "token_urlsafe(nbytes=)" => |vm, _, a| {
        use base64::Engine;
        let bytes = random(vm, a)?;
        vm.text(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
    },
    "token_bytes(nbytes=)" => |vm, _, a| random(vm, a).map(Value::bytes),
    "choice(seq)" => choice,
    "randbelow(exclusive_upper_bound)" => |vm, _, a| {
        let bound = a.int(0)?;
        if bound <= 0 {
            return Err(value_error("Upper bound must be positive."));
        }
        Ok(Value::Int(below(vm, bound as u64) as i64))
    },
    "randbits(k)" => |vm, _, a| {
        let bits = u64::try_from(a.int(0)?).map_err(|_| value_error("number of bits must be non-negative"))?;
        bits_value(vm, bits)
    },
    "compare_digest(a, b, /)" => super::hashlib::compare_digest,
}

fn random(vm: &mut Vm, args: &Args<'_>) -> R<Vec<u8>> {
    let count = match args.some(0) {
        Some(_) => usize::try_from(args.int(0)?).map_err(|_| value_error("negative argument not allowed"))?,
        None => 32,
    };
    vm.charge(count.saturating_mul(2))?;
    let mut bytes = vec![0; count];
    vm.random_bytes(&mut bytes);
    Ok(bytes)
}

fn word(vm: &Vm) -> u64 {
    let mut bytes = [0; 8];
    vm.random_bytes(&mut bytes);
    u64::from_le_bytes(bytes)
}

fn unit(vm: &Vm) -> f64 {
    (word(vm) >> 11) as f64 / (1u64 << 53) as f64
}

/// A number below `bound` without bias worth speaking of.
fn below(vm: &Vm, bound: u64) -> u64 {
    ((u128::from(word(vm)) * u128::from(bound)) >> 64) as u64
}

fn between(vm: &mut Vm, low: i64, high: i64) -> R<Value> {
    if low > high {
        return Err(value_error(format!("empty range in randrange({low}, {})", high.saturating_add(1))));
    }
    let span = (i128::from(high) - i128::from(low) + 1) as u64;
    let offset = if span == 0 { word(vm) } else { below(vm, span) };
    Ok(Value::int128(i128::from(low) + i128::from(offset)))
}

fn shuffle(vm: &Vm, items: &mut [Value]) {
    for index in (1..items.len()).rev() {
        items.swap(index, below(vm, index as u64 + 1) as usize);
    }
}

fn choice(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let len = ops::len(args.at(0))?;
    if len == 0 {
        return Err(index_error("Cannot choose from an empty sequence"));
    }
    let index = below(vm, len as u64);
    ops::subscript::get(vm, args.at(0), &Value::Int(index as i64))
}

fn bits_value(vm: &mut Vm, bits: u64) -> R<Value> {
    if bits > 1 << 16 {
        return Err(value_error("too many bits"));
    }
    let mut bytes = vec![0; bits.div_ceil(8) as usize];
    vm.random_bytes(&mut bytes);
    let number = num_bigint::BigInt::from_bytes_le(num_bigint::Sign::Plus, &bytes);
    Ok(Value::int(number >> (bytes.len() as u64 * 8 - bits)))
}

//! `time`, as far as an expression may have it.

use crate::flow::raise;
use crate::native::table;
use crate::value::Value;

table! { functions:
    "time()" => |vm, _, _| Ok(Value::Float(vm.environment_now() as f64 / 1e6)),
    "time_ns()" => |vm, _, _| Ok(Value::int128(i128::from(vm.environment_now()) * 1000)),
    "monotonic()" => |vm, _, _| Ok(Value::Float(vm.environment_now() as f64 / 1e6)),
    "perf_counter()" => |vm, _, _| Ok(Value::Float(vm.environment_now() as f64 / 1e6)),
    "sleep(secs, /)" => |_, _, _| Err(raise("NotImplementedError", "expressions cannot sleep")),
}

pub fn module() -> crate::value::Value { crate::value::Value::module("datetime", vec![]) }
pub fn zoneinfo() -> crate::value::Value { crate::value::Value::module("zoneinfo", vec![]) }

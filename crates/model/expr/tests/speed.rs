//! How long the most common mapping takes. Prints the time; fails only when it is far off.

use std::any::Any;
use std::time::Instant;

use expr::{Globals, HostArgs, HostObject, HostResult, Limits, Program, Run, Value};

#[derive(Debug)]
struct Object {
    name: Value,
    members: Option<Value>,
}

impl HostObject for Object {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &'static str {
        "Object"
    }
    fn attr(&self, name: &str) -> HostResult {
        match name {
            "name" => HostResult::Ready(self.name.clone()),
            "ak_groups" => HostResult::Ready(self.members.clone().unwrap_or(Value::None)),
            other => HostResult::no_attribute("Object", other),
        }
    }
    fn has_method(&self, name: &str) -> bool {
        name == "all"
    }
    fn call_method(&self, _: &str, _: &HostArgs<'_>) -> HostResult {
        HostResult::Ready(self.members.clone().unwrap_or(Value::None))
    }
}

#[test]
fn the_groups_mapping_is_fast() {
    let group = |index: usize| Value::host(Object { name: Value::from(format!("group-{index}")), members: None });
    let groups = Value::list((0..10).map(group).collect());
    let manager = Value::host(Object { name: Value::None, members: Some(groups) });
    let user = Value::host(Object { name: Value::None, members: Some(manager) });
    let program = Program::compile("return [group.name for group in user.ak_groups.all()]", &["user", "request"])
        .expect("compiles");
    let globals = Globals::default();
    let evaluate = || {
        let args = vec![user.clone(), Value::None];
        let mut run = Run::new(&program, &globals, args, Limits::default());
        run.finish().expect("a list")
    };
    assert_eq!(evaluate().to_json().expect("JSON")[9], "group-9");
    let rounds = 2000;
    let start = Instant::now();
    for _ in 0..rounds {
        evaluate();
    }
    let each = start.elapsed() / rounds;
    println!("groups mapping: {each:?}");
    assert!(each.as_micros() < 2000, "{each:?} for one evaluation");
}

//! The engine against CPython, on the snippets of `tests/differential`.
//!
//! `expected.jsonl` is written by `differential.py` and committed, so that no CPython is needed here.

use expr::{Globals, Limits, Program, Run, Value};

const EXPECTED: &str = include_str!("differential/expected.jsonl");

fn repr(value: &Value) -> String {
    format!("{value:?}")
}

fn check(case: &serde_json::Value) -> Result<(), String> {
    let text = |name: &str| case.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let source = text("source").unwrap_or_default();
    // The text of a result is asked for in the language, as some values need the machine for it.
    let program = match (Program::compile(&source, &[]), text("syntax")) {
        (Err(_), Some(_)) => return Ok(()),
        (Err(error), None) => return Err(format!("does not compile: {error}")),
        (Ok(_), Some(message)) => return Err(format!("compiles, CPython says {message}")),
        (Ok(program), None) => program,
    };
    let mut run = Run::new(&program, &Globals::default(), Vec::new(), Limits::default());
    match (run.finish(), text("result")) {
        (Ok(value), Some(expected)) => {
            let shown = show(&value);
            if shown == expected { Ok(()) } else { Err(format!("gives {shown}, CPython {expected}")) }
        }
        (Ok(value), None) => Err(format!("gives {}, CPython raises {:?}", repr(&value), text("message"))),
        (Err(error), Some(expected)) => Err(format!("raises {error}, CPython gives {expected}")),
        (Err(error), None) => {
            let expected = (text("error").unwrap_or_default(), text("message").unwrap_or_default());
            let line = case.get("line").and_then(serde_json::Value::as_u64);
            if (error.exception.clone(), error.message.clone()) != expected {
                return Err(format!("raises {error}, CPython {}: {}", expected.0, expected.1));
            }
            match line {
                Some(line) if line != u64::from(error.line) => {
                    Err(format!("raises in line {}, CPython in {line}", error.line))
                }
                _ => Ok(()),
            }
        }
    }
}

/// `repr(value)` as the language gives it.
fn show(value: &Value) -> String {
    let program = Program::compile("return repr(x)", &["x"]).expect("compiles");
    let mut run = Run::new(&program, &Globals::default(), vec![value.clone()], Limits::default());
    match run.finish() {
        Ok(text) => text.as_str().unwrap_or_default().to_owned(),
        Err(error) => format!("<{error}>"),
    }
}

#[test]
fn agrees_with_cpython() {
    let mut failures = Vec::new();
    let mut count = 0;
    for line in EXPECTED.lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        count += 1;
        if let Err(why) = check(&case) {
            let source = case["source"].as_str().unwrap_or_default();
            failures.push(format!("{}: {why}\n    {}", case["file"], source.replace('\n', "\n    ")));
        }
    }
    assert!(count > 200, "only {count} snippets");
    assert!(failures.is_empty(), "{} of {count} differ:\n{}", failures.len(), failures.join("\n"));
}

//! `textwrap`.

use crate::flow::{R, value_error};
use crate::native::{Args, table};
use crate::value::Value;
use crate::vm::Vm;

table! { functions:
    "dedent(text)" => |vm, _, a| { let t = dedent(a.str(0)?); vm.text(t) },
    "indent(text, prefix, predicate=)" => |vm, _, a| {
        let (text, prefix) = (a.str(0)?, a.str(1)?);
        vm.charge(text.matches('\n').count().saturating_mul(prefix.len()))?;
        let mut out = String::new();
        for line in text.split_inclusive('\n') {
            let marked = match a.some(2) {
                Some(predicate) => {
                    let verdict = vm.call(predicate, &[Value::str(line)], &[])?;
                    crate::ops::truth(vm, &verdict)?
                }
                None => !line.trim().is_empty(),
            };
            if marked {
                out.push_str(prefix);
            }
            out.push_str(line);
        }
        vm.text(out)
    },
    "wrap(text, width=)" => |vm, _, a| {
        let lines = wrap(vm, a)?.into_iter().map(Value::from).collect();
        vm.list(lines)
    },
    "fill(text, width=)" => |vm, _, a| { let lines = wrap(vm, a)?.join("\n"); vm.text(lines) },
    "shorten(text, width, *, placeholder=)" => |vm, _, a| {
        let width = usize::try_from(a.int(1)?).unwrap_or(0);
        let placeholder = a.opt_str(2)?.unwrap_or(" [...]");
        let words: Vec<&str> = a.str(0)?.split_whitespace().collect();
        let whole = words.join(" ");
        if whole.chars().count() <= width {
            return vm.text(whole);
        }
        let mut out = String::new();
        for word in words {
            let longer = if out.is_empty() { word.to_owned() } else { format!("{out} {word}") };
            if longer.chars().count() + placeholder.chars().count() > width {
                break;
            }
            out = longer;
            vm.tick(1)?;
        }
        let tail = if out.is_empty() { placeholder.trim_start() } else { placeholder };
        vm.text(format!("{out}{tail}"))
    },
}

fn dedent(text: &str) -> String {
    let mut margin: Option<String> = None;
    for line in text.split('\n').filter(|line| !line.trim().is_empty()) {
        let indent: String = line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
        margin = Some(match margin {
            None => indent,
            Some(margin) => margin.chars().zip(indent.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect(),
        });
    }
    let margin = margin.unwrap_or_default();
    text.split('\n')
        .map(|line| if line.trim().is_empty() { "" } else { line.strip_prefix(margin.as_str()).unwrap_or(line) })
        .collect::<Vec<_>>()
        .join("\n")
}

fn wrap(vm: &mut Vm, args: &Args<'_>) -> R<Vec<String>> {
    let width = args.int_or(1, 70)?;
    if width <= 0 {
        return Err(value_error(format!("invalid width {width} (must be > 0)")));
    }
    let width = width as usize;
    let text = args.str(0)?;
    vm.charge(text.len())?;
    vm.tick(text.len() as u64 / 16)?;
    let mut lines: Vec<String> = Vec::new();
    let mut line: Vec<char> = Vec::new();
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        let needed = word.len() + usize::from(!line.is_empty());
        if !line.is_empty() && line.len() + needed > width && word.len() <= width {
            lines.push(line.drain(..).collect());
        }
        while word.len() > width {
            let gap = usize::from(!line.is_empty());
            let room = width.saturating_sub(line.len() + gap);
            if room == 0 {
                lines.push(line.drain(..).collect());
                continue;
            }
            if gap == 1 {
                line.push(' ');
            }
            line.extend(word.drain(..room.min(word.len())));
            lines.push(line.drain(..).collect());
        }
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() && line.len() + 1 + word.len() > width {
            lines.push(line.drain(..).collect());
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
    if !line.is_empty() {
        lines.push(line.into_iter().collect());
    }
    Ok(lines)
}

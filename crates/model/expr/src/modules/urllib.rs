//! `urllib.parse` and `html`.

use std::sync::{Arc, LazyLock};

use crate::flow::{R, type_error, value_error};
use crate::native::{Args, table};
use crate::ops;
use crate::value::{Dict, DictData, Key, NamedTuple, Tuple, Value};
use crate::vm::Vm;

table! { functions:
    "quote(string, safe=, encoding=, errors=)" => |vm, _, a| quoted(vm, a, false, "/"),
    "quote_plus(string, safe=, encoding=, errors=)" => |vm, _, a| quoted(vm, a, true, ""),
    "unquote(string, encoding=, errors=)" => |vm, _, a| { let t = unquote(a.str(0)?, false); vm.text(t) },
    "unquote_plus(string, encoding=, errors=)" => |vm, _, a| { let t = unquote(a.str(0)?, true); vm.text(t) },
    "urlencode(query, doseq=, safe=, encoding=, errors=, quote_via=)" => urlencode,
    "parse_qs(qs, keep_blank_values=, *, separator=)" => parse_qs,
    "parse_qsl(qs, keep_blank_values=, *, separator=)" => |vm, _, a| {
        let pairs = query_pairs(vm, a)?;
        let items = pairs.into_iter().map(|(k, v)| Value::tuple(vec![Value::from(k), Value::from(v)])).collect();
        vm.list(items)
    },
    "urlparse(url, scheme=, allow_fragments=)" => |vm, _, a| split(vm, a, true),
    "urlsplit(url, scheme=, allow_fragments=)" => |vm, _, a| split(vm, a, false),
    "urlunparse(components)" => |vm, _, a| unsplit(vm, a, true),
    "urlunsplit(components)" => |vm, _, a| unsplit(vm, a, false),
    "urljoin(base, url, allow_fragments=)" => |vm, _, a| { let t = join(a.str(0)?, a.str(1)?); vm.text(t) },
}

table! { html:
    "escape(s, quote=)" => |vm, _, a| {
        let mut text = a.str(0)?.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let quote = match a.get(1) { Some(flag) => ops::truth(vm, flag)?, None => true };
        if quote {
            text = text.replace('"', "&quot;").replace('\'', "&#x27;");
        }
        vm.text(text)
    },
    "unescape(s)" => |vm, _, a| {
        let text = a.str(0)?.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
            .replace("&#x27;", "'").replace("&#39;", "'").replace("&amp;", "&");
        vm.text(text)
    },
}

fn quote(bytes: &[u8], safe: &str, plus: bool) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        let c = *byte as char;
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '~') || (byte.is_ascii() && safe.contains(c)) {
            out.push(c);
        } else if plus && c == ' ' {
            out.push('+');
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn quoted(vm: &mut Vm, args: &Args<'_>, plus: bool, default_safe: &str) -> R<Value> {
    let safe = args.opt_str(1)?.unwrap_or(default_safe);
    let bytes: &[u8] = match args.at(0) {
        Value::Str(text) => text.as_bytes(),
        Value::Bytes(bytes) => bytes,
        _ => return Err(type_error("quote_from_bytes() expected bytes")),
    };
    vm.charge(bytes.len() * 3)?;
    vm.text(quote(bytes, safe, plus))
}

fn unquote(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let raw = text.as_bytes();
    let mut at = 0;
    while at < raw.len() {
        match raw[at] {
            b'+' if plus => bytes.push(b' '),
            b'%' => {
                let hex = raw.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
                match hex
                    .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok())
                {
                    Some(byte) => {
                        bytes.push(byte);
                        at += 2;
                    }
                    None => bytes.push(b'%'),
                }
            }
            byte => bytes.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn urlencode(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let pairs = crate::native::builtins::pairs(vm, args.at(0))?;
    let many = match args.get(1) {
        Some(flag) => ops::truth(vm, flag)?,
        None => false,
    };
    let safe = args.opt_str(2)?.unwrap_or("");
    let plus = match args.some(5) {
        Some(function) => ops::attr::function_name(function, false) == "quote_plus",
        None => true,
    };
    let mut parts = Vec::new();
    for (key, value) in pairs {
        let values = match &value {
            Value::List(_) | Value::Tuple(_) if many => vm.collect(&value)?,
            other => vec![other.clone()],
        };
        let key = text_of(vm, &key)?;
        for value in values {
            let value = text_of(vm, &value)?;
            vm.charge(key.len() * 3 + value.len() * 3)?;
            parts.push(format!("{}={}", quote(&key, safe, plus), quote(&value, safe, plus)));
        }
    }
    vm.text(parts.join("&"))
}

fn text_of(vm: &mut Vm, value: &Value) -> R<Vec<u8>> {
    match value {
        Value::Bytes(bytes) => Ok(bytes.to_vec()),
        other => ops::repr::str(vm, other).map(String::into_bytes),
    }
}

fn query_pairs(vm: &mut Vm, args: &Args<'_>) -> R<Vec<(String, String)>> {
    let keep = match args.get(1) {
        Some(flag) => ops::truth(vm, flag)?,
        None => false,
    };
    let separator = args.opt_str(2)?.unwrap_or("&");
    if separator.is_empty() {
        return Err(value_error("Separator must be of type string or bytes."));
    }
    let text = args.str(0)?;
    vm.charge(text.len() * 2)?;
    let mut pairs = Vec::new();
    for part in text.split(separator).filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if !value.is_empty() || keep {
            pairs.push((unquote(key, true), unquote(value, true)));
        }
    }
    Ok(pairs)
}

fn parse_qs(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let mut data = DictData::new();
    for (key, value) in query_pairs(vm, args)? {
        let list = data.entry(Key::str(&key)).or_insert_with(|| Value::list(Vec::new()));
        if let Value::List(list) = list {
            list.set().push(Value::from(value));
        }
    }
    vm.charge_items(data.len() * 6)?;
    Ok(Value::Dict(Arc::new(Dict::new(data))))
}

fn fields(name: &str, fields: &[&str]) -> Arc<NamedTuple> {
    Arc::new(NamedTuple {
        name: name.to_owned(),
        fields: fields.iter().map(|field| Arc::from(*field)).collect(),
        defaults: Vec::new(),
    })
}

static PARSED: LazyLock<Arc<NamedTuple>> =
    LazyLock::new(|| fields("ParseResult", &["scheme", "netloc", "path", "params", "query", "fragment"]));
static SPLIT: LazyLock<Arc<NamedTuple>> =
    LazyLock::new(|| fields("SplitResult", &["scheme", "netloc", "path", "query", "fragment"]));

struct Parts<'a> {
    scheme: String,
    netloc: &'a str,
    path: &'a str,
    query: &'a str,
    fragment: &'a str,
}

fn parts<'a>(url: &'a str, default_scheme: &str) -> Parts<'a> {
    let mut rest = url;
    let mut scheme = default_scheme.to_owned();
    if let Some((head, tail)) = url.split_once(':') {
        let valid = head.starts_with(|c: char| c.is_ascii_alphabetic())
            && head.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        if valid {
            scheme = head.to_ascii_lowercase();
            rest = tail;
        }
    }
    let mut netloc = "";
    if let Some(after) = rest.strip_prefix("//") {
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        (netloc, rest) = after.split_at(end);
    }
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Parts { scheme, netloc, path, query, fragment }
}

fn split(vm: &mut Vm, args: &Args<'_>, with_params: bool) -> R<Value> {
    let url: String = args.str(0)?.chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect();
    vm.charge(url.len() * 2)?;
    let parts = parts(&url, args.opt_str(1)?.unwrap_or(""));
    let mut items = vec![Value::from(parts.scheme), Value::str(parts.netloc)];
    if with_params {
        let last = parts.path.rfind('/').map_or(0, |at| at + 1);
        let cut = parts.path[last..].find(';').map(|at| at + last);
        let (path, params) = match cut {
            Some(at) => (&parts.path[..at], &parts.path[at + 1..]),
            None => (parts.path, ""),
        };
        items.extend([Value::str(path), Value::str(params)]);
    } else {
        items.push(Value::str(parts.path));
    }
    items.extend([Value::str(parts.query), Value::str(parts.fragment)]);
    let names = if with_params { PARSED.clone() } else { SPLIT.clone() };
    Ok(Value::Tuple(Arc::new(Tuple::with_names(items, names))))
}

fn is_url(tuple: &Tuple) -> bool {
    tuple.named.as_ref().is_some_and(|named| Arc::ptr_eq(named, &PARSED) || Arc::ptr_eq(named, &SPLIT))
}

/// `.hostname`, `.port`, `.username` and `.password` of a parsed URL.
pub fn parts_attr(_: &mut Vm, value: &Value, name: &str) -> R<Option<Value>> {
    let Value::Tuple(tuple) = value else {
        return Ok(None);
    };
    if !is_url(tuple) {
        return Ok(None);
    }
    let netloc = tuple.items().get(1).and_then(Value::as_str).unwrap_or("");
    let (user_info, host_port) = netloc.rsplit_once('@').map_or((None, netloc), |(a, b)| (Some(a), b));
    let (host, port) = match host_port.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').unwrap_or((rest, ""));
            (host, after.strip_prefix(':').unwrap_or(""))
        }
        None => host_port.split_once(':').unwrap_or((host_port, "")),
    };
    let (user, password) = match user_info {
        Some(info) => match info.split_once(':') {
            Some((user, password)) => (Some(user), Some(password)),
            None => (Some(info), None),
        },
        None => (None, None),
    };
    Ok(Some(match name {
        "hostname" if host.is_empty() => Value::None,
        "hostname" => Value::from(host.to_lowercase()),
        "port" if port.is_empty() => Value::None,
        "port" => match port.parse::<u16>() {
            Ok(port) => Value::Int(i64::from(port)),
            Err(_) if port.bytes().all(|b| b.is_ascii_digit()) => {
                return Err(value_error("Port out of range 0-65535"));
            }
            Err(_) => {
                return Err(value_error(format!("Port could not be cast to integer value as '{port}'")));
            }
        },
        "username" => user.map_or(Value::None, Value::str),
        "password" => password.map_or(Value::None, Value::str),
        _ => return Ok(None),
    }))
}

/// `.geturl()` of a parsed URL.
pub fn geturl(vm: &mut Vm, value: &Value) -> R<Value> {
    match value {
        Value::Tuple(tuple) if is_url(tuple) => {
            let items: Vec<&str> = tuple.items().iter().map(|item| item.as_str().unwrap_or("")).collect();
            vm.text(put_together(&items))
        }
        other => Err(crate::flow::attribute_error(&other.type_name(), "geturl")),
    }
}

fn put_together(items: &[&str]) -> String {
    let (params, query, fragment) = match items {
        [_, _, _, params, query, fragment] => (*params, *query, *fragment),
        [_, _, _, query, fragment] => ("", *query, *fragment),
        _ => ("", "", ""),
    };
    let part = |index: usize| items.get(index).copied().unwrap_or("");
    let mut url = part(2).to_owned();
    if !params.is_empty() {
        url = format!("{url};{params}");
    }
    if !part(1).is_empty() {
        let slash = if url.is_empty() || url.starts_with('/') { "" } else { "/" };
        url = format!("//{}{slash}{url}", part(1));
    }
    if !part(0).is_empty() {
        url = format!("{}:{url}", part(0));
    }
    if !query.is_empty() {
        url = format!("{url}?{query}");
    }
    if !fragment.is_empty() {
        url = format!("{url}#{fragment}");
    }
    url
}

fn unsplit(vm: &mut Vm, args: &Args<'_>, with_params: bool) -> R<Value> {
    let items = vm.collect(args.at(0))?;
    let wanted = if with_params { 6 } else { 5 };
    if items.len() != wanted {
        return Err(value_error(format!("not enough values to unpack (expected {wanted}, got {})", items.len())));
    }
    let texts: Vec<&str> = items.iter().map(|item| item.as_str().unwrap_or("")).collect();
    vm.text(put_together(&texts))
}

/// RFC 3986 section 5.2.
fn join(base: &str, url: &str) -> String {
    if base.is_empty() {
        return url.to_owned();
    }
    if url.is_empty() {
        return base.to_owned();
    }
    let base_parts = parts(base, "");
    let parsed = parts(url, &base_parts.scheme);
    if parsed.scheme != base_parts.scheme {
        return url.to_owned();
    }
    if !parsed.netloc.is_empty() {
        return put_together(&[&parsed.scheme, parsed.netloc, parsed.path, parsed.query, parsed.fragment]);
    }
    if parsed.path.is_empty() {
        let query = if parsed.query.is_empty() { base_parts.query } else { parsed.query };
        return put_together(&[&parsed.scheme, base_parts.netloc, base_parts.path, query, parsed.fragment]);
    }
    let joined = if parsed.path.starts_with('/') {
        parsed.path.to_owned()
    } else {
        let folder = base_parts.path.rfind('/').map_or("", |at| &base_parts.path[..=at]);
        let folder = if folder.is_empty() && !base_parts.netloc.is_empty() { "/" } else { folder };
        format!("{folder}{}", parsed.path)
    };
    let mut segments: Vec<&str> = Vec::new();
    let all: Vec<&str> = joined.split('/').collect();
    for (index, segment) in all.iter().enumerate() {
        let last = index + 1 == all.len();
        match *segment {
            ".." => {
                if segments.len() > 1 || segments.first().is_some_and(|first| !first.is_empty()) {
                    segments.pop();
                }
                if last {
                    segments.push("");
                }
            }
            "." => {
                if last {
                    segments.push("");
                }
            }
            other => segments.push(other),
        }
    }
    let path = segments.join("/");
    put_together(&[&parsed.scheme, base_parts.netloc, &path, parsed.query, parsed.fragment])
}

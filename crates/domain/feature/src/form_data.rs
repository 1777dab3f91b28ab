//! Forms with files (RFC 7578), taken apart.

/// One field of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormPart<'b> {
    pub name: String,
    /// For a file, the last part of the name that the browser sent; nothing else of it is to be trusted either.
    pub filename: Option<String>,
    pub content: &'b [u8],
}

/// More than any form of ours has.
const MOST: usize = 32;

/// The parts of a body; what is no such form has none.
pub fn form_parts<'b>(content_type: &str, body: &'b [u8]) -> Vec<FormPart<'b>> {
    let mut parts = Vec::new();
    let parameter = content_type.split(';').map(str::trim).find_map(|p| p.strip_prefix("boundary="));
    let Some(boundary) = parameter.map(|p| format!("--{}", p.trim_matches('"'))) else { return parts };
    let Some(start) = find(body, boundary.as_bytes()) else { return parts };
    let mut rest = &body[start + boundary.len()..];
    let end_of_part = format!("\r\n{boundary}");
    while parts.len() < MOST
        && let Some(end) = find(rest, end_of_part.as_bytes())
    {
        let part = &rest[..end];
        rest = &rest[end + end_of_part.len()..];
        let Some(head) = find(part, b"\r\n\r\n") else { continue };
        let header = String::from_utf8_lossy(&part[..head]);
        let value = |wanted: &str| {
            let mut fields = header.split([';', '\r', '\n']).map(str::trim);
            let found = fields.find_map(|f| f.strip_prefix(wanted)?.strip_prefix('='));
            found.map(|v| v.trim_matches('"').to_owned())
        };
        let Some(name) = value("name") else { continue };
        let filename = value("filename").map(|f| f.rsplit(['/', '\\']).next().unwrap_or_default().to_owned());
        parts.push(FormPart { name, filename, content: &part[head + 4..] });
    }
    parts
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).position(|w| w == what)
}

#[cfg(test)]
mod tests;

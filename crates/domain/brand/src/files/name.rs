//! Names and types of files: which are safe to keep and to send.

const MOST: usize = 1024;
const MOST_OF_A_PART: usize = 255;

/// Whether a file may be kept under this name; else why not.
pub fn check(name: &str) -> Result<(), String> {
    let refuse = |text: &str| Err(text.to_owned());
    if name.is_empty() {
        return refuse("File name cannot be empty");
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b)) {
        return refuse(
            "File name can only contain letters (a-z, A-Z), numbers (0-9), dots (.), hyphens (-), underscores (_), and \
             forward slashes (/)",
        );
    }
    if name.contains("//") {
        return refuse("File name cannot contain duplicate /");
    }
    if name.starts_with('/') {
        return refuse("Absolute paths are not allowed");
    }
    if name.split('/').any(|part| part == "..") {
        return refuse("Parent directory references ('..') are not allowed");
    }
    // SECURITY: stricter than upstream, which looks at the first part only.
    if name.split('/').any(|part| part.starts_with('.')) {
        return refuse("Paths cannot start with '.'");
    }
    if name.ends_with('/') {
        return refuse("File name cannot end with /");
    }
    if name.len() > MOST {
        return Err(format!("File name too long (max {MOST} characters)"));
    }
    if name.split('/').any(|part| part.len() > MOST_OF_A_PART) {
        return Err(format!("Path component too long (max {MOST_OF_A_PART} characters)"));
    }
    Ok(())
}

/// The type of a picture by its name; none for anything else.
pub fn media_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "avif" => "image/avif",
        "gif" => "image/gif",
        "ico" => "image/vnd.microsoft.icon",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        _ => return None,
    })
}

/// Whether a content begins as one of the type does.
pub fn is_content_of(media_type: &str, content: &[u8]) -> bool {
    let at = |from: usize, what: &[u8]| content.get(from..).is_some_and(|rest| rest.starts_with(what));
    match media_type {
        "image/png" => at(0, b"\x89PNG\r\n\x1a\n"),
        "image/jpeg" => at(0, b"\xff\xd8\xff"),
        "image/gif" => at(0, b"GIF87a") || at(0, b"GIF89a"),
        "image/webp" => at(0, b"RIFF") && at(8, b"WEBP"),
        "image/avif" => at(4, b"ftyp"),
        "image/vnd.microsoft.icon" => at(0, b"\0\0\x01\0"),
        "image/svg+xml" => std::str::from_utf8(content).is_ok_and(|text| text.contains("<svg")),
        _ => false,
    }
}

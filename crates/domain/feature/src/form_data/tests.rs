//! Bodies that browsers send, and bodies that nobody should.

use super::form_parts;

const TYPE: &str = "multipart/form-data; boundary=\"x y\"";

#[test]
fn fields_and_files_come_apart() {
    let body = b"--x y\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nicons/a.png\r\n--x y\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"C:\\\\tmp\\\\b.png\"\r\nContent-Type: image/png\r\n\r\n\
        one\r\ntwo\r\n--x y--\r\n";
    let parts = form_parts(TYPE, body);
    assert_eq!(parts.len(), 2);
    assert_eq!((parts[0].name.as_str(), &parts[0].filename, parts[0].content), ("name", &None, &b"icons/a.png"[..]));
    assert_eq!((parts[1].filename.as_deref(), parts[1].content), (Some("b.png"), &b"one\r\ntwo"[..]));
}

#[test]
fn what_is_no_form_has_no_parts() {
    for (content_type, body) in [
        ("application/json", &b"{}"[..]),
        (TYPE, b""),
        (TYPE, b"--x y"),
        (TYPE, b"--x y\r\n\r\n--x y--"),
        ("multipart/form-data; boundary=", b"--\r\nname=\"a\"\r\n\r\n1\r\n--"),
    ] {
        assert!(form_parts(content_type, body).iter().all(|p| !p.content.is_empty()), "{content_type} {body:?}");
    }
}

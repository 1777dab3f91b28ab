//! Pictures as they were recorded.

use super::initials;

#[test]
fn pictures_are_those_that_clients_know() {
    let of_one_word = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI2NHB4Ii\
         BoZWlnaHQ9IjY0cHgiIHZpZXdCb3g9IjAgMCA2NCA2NCIgdmVyc2lvbj0iMS4xIj48cmVjdCBmaWxsPSIjMzc4NTQxIiBjeD\
         0iMzIiIGN5PSIzMiIgd2lkdGg9IjY0IiBoZWlnaHQ9IjY0IiByPSIzMiIvPjx0ZXh0IHg9IjUwJSIgeT0iNTAlIiBzdHlsZT\
         0iY29sb3I6ICNmZmY7IGxpbmUtaGVpZ2h0OiAxOyBmb250LWZhbWlseTogJ1JlZEhhdFRleHQnLCdPdmVycGFzcycsb3Zlcn\
         Bhc3MsaGVsdmV0aWNhLGFyaWFsLHNhbnMtc2VyaWY7ICIgZmlsbD0iI2ZmZiIgYWxpZ25tZW50LWJhc2VsaW5lPSJtaWRkbG\
         UiIGRvbWluYW50LWJhc2VsaW5lPSJtaWRkbGUiIHRleHQtYW5jaG9yPSJtaWRkbGUiIGZvbnQtc2l6ZT0iMjgiIGZvbnQtd2\
         VpZ2h0PSI0MDAiIGR5PSIuMWVtIj5PUjwvdGV4dD48L3N2Zz4=";
    assert_eq!(initials("Oracle-User", "oracle-user"), of_one_word);
    let of_nobody = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI2NHB4Ii\
         BoZWlnaHQ9IjY0cHgiIHZpZXdCb3g9IjAgMCA2NCA2NCIgdmVyc2lvbj0iMS4xIj48cmVjdCBmaWxsPSIjNWYzNzcyIiBjeD\
         0iMzIiIGN5PSIzMiIgd2lkdGg9IjY0IiBoZWlnaHQ9IjY0IiByPSIzMiIvPjx0ZXh0IHg9IjUwJSIgeT0iNTAlIiBzdHlsZT\
         0iY29sb3I6ICNmZmY7IGxpbmUtaGVpZ2h0OiAxOyBmb250LWZhbWlseTogJ1JlZEhhdFRleHQnLCdPdmVycGFzcycsb3Zlcn\
         Bhc3MsaGVsdmV0aWNhLGFyaWFsLHNhbnMtc2VyaWY7ICIgZmlsbD0iI2ZmZiIgYWxpZ25tZW50LWJhc2VsaW5lPSJtaWRkbG\
         UiIGRvbWluYW50LWJhc2VsaW5lPSJtaWRkbGUiIHRleHQtYW5jaG9yPSJtaWRkbGUiIGZvbnQtc2l6ZT0iMjgiIGZvbnQtd2\
         VpZ2h0PSI0MDAiIGR5PSIuMWVtIj4xMjwvdGV4dD48L3N2Zz4=";
    assert_eq!(initials("", "123"), of_nobody);
}

#[test]
fn names_cannot_break_out_of_the_picture() {
    use base64::Engine as _;
    for name in ["<s", "&&", "\"' x", "é", " ", "\u{0}"] {
        let picture = initials(name, "");
        let svg = picture.strip_prefix("data:image/svg+xml;base64,").unwrap_or_default();
        let svg = base64::engine::general_purpose::STANDARD.decode(svg).unwrap();
        let svg = String::from_utf8(svg).unwrap();
        assert!(svg.is_ascii() && svg.matches('<').count() == 5, "{svg}");
    }
}

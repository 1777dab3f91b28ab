//! Tests of PEM.

use proptest::prelude::*;

use super::*;

#[test]
fn indented_blocks_with_text_around_are_read() {
    let text = "Bag Attributes\r\n  -----BEGIN X-----\r\n  AQ ID\r\n  BA\r\n  -----END X-----\r\n\r\n-----BEGIN Y-----\nAQ==\n-----END Y-----";
    let blocks = parse(text).unwrap();
    assert_eq!(blocks.len(), 2);
    assert_eq!((blocks[0].label.as_str(), &blocks[0].der[..]), ("X", &[1, 2, 3, 4][..]));
    assert_eq!((blocks[1].label.as_str(), &blocks[1].der[..]), ("Y", &[1][..]));
}

#[test]
fn unfinished_encrypted_and_broken_blocks_are_refused() {
    for text in [
        "-----BEGIN X-----\nAQID\n",
        "-----BEGIN X-----\nAQID\n-----END Y-----",
        "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END X-----",
        "-----BEGIN X-----\n!!!!\n-----END X-----",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(der in proptest::collection::vec(any::<u8>(), 0..300)) {
        let blocks = parse(&write("PRIVATE KEY", &der)).unwrap();
        prop_assert_eq!(&blocks[0].der, &der);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(-----BEGIN X-----\n)?[A-Za-z+/=\n -]{0,80}(-----END X-----)?") {
        let _ = parse(&text);
    }
}

//! What needs no objects. Applying, watching and refusing are tested over the running program in `tests/blueprints`.

use crate::defaults::{SHIPPED, checksum};

#[test]
fn every_shipped_file_is_listed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../blueprints");
    let mut files: Vec<String> = crate::discover::files(&folder)
        .iter()
        .map(|f| f.strip_prefix(&folder).unwrap().to_string_lossy().into_owned())
        .filter(|f| f.starts_with("default/") || f.starts_with("system/"))
        .collect();
    let mut listed: Vec<String> = SHIPPED.iter().map(|(p, _)| (*p).to_owned()).collect();
    files.sort();
    listed.sort();
    assert_eq!(files, listed);
}

#[test]
fn the_checksum_is_that_of_the_text() {
    assert!(checksum("").starts_with("cf83e1357eefb8bd"));
}

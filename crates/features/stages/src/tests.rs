//! Whole flows, in-process: a browser with a cookie, the session middleware and the executor.

mod consent;
mod links;
mod login;
mod policies;
mod prompt;
mod rules;
mod world;

/// The guide shows the template whole; what it shows must be what compiles.
#[test]
fn the_guide_shows_the_dummy_stage_as_it_is() {
    let guide = include_str!("../../../../docs/guides/add-a-stage.md");
    let code = guide.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(code, Some(include_str!("dummy.rs")), "copy crates/features/stages/src/dummy.rs into the guide");
}

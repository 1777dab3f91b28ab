//! Tests of the random generator.

use super::*;

#[test]
fn the_same_seed_gives_the_same_sequence() {
    let (one, two) = (Random::seeded(7), Random::seeded(7));
    assert_eq!(one.token(40), two.token(40));
    assert_eq!(one.uuid_v4(), two.uuid_v4());
    assert_ne!(one.token(40), one.token(40));
    assert_ne!(Random::seeded(8).token(40), Random::seeded(7).token(40));
}

#[test]
fn clones_of_a_seeded_generator_do_not_repeat() {
    let random = Random::seeded(7);
    assert_ne!(random.clone().bytes::<16>(), random.bytes::<16>());
}

#[test]
fn tokens_have_the_length_and_the_alphabet() {
    let random = Random::system();
    for len in [0, 1, 40, 128, 300] {
        let token = random.token(len);
        assert_eq!(token.len(), len);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
    assert!(random.digits(9).bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(random.pick(b"", 5), "");
}

#[test]
fn every_character_is_drawn_about_equally_often() {
    let drawn = Random::seeded(1).token(62_000);
    for character in ALPHANUMERIC {
        let count = drawn.bytes().filter(|byte| byte == character).count();
        assert!((800..1200).contains(&count), "{} came {count} times", char::from(*character));
    }
}

#[test]
fn ids_carry_their_version() {
    let random = Random::system();
    assert_eq!(random.uuid_v4().get_version_num(), 4);
    let at = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
    let id = random.uuid_v7(at);
    assert_eq!(id.get_version_num(), 7);
    assert_eq!(&id.as_bytes()[..6], &1_700_000_000_123_u64.to_be_bytes()[2..]);
    assert!(random.uuid_v7(Timestamp::from_millisecond(1_700_000_000_124).unwrap()) > id);
}

#[test]
fn numbers_stay_below_the_bound() {
    let random = Random::seeded(3);
    assert_eq!(random.below(0), 0);
    assert_eq!(random.below(1), 0);
    assert!((0..1000).all(|_| random.below(7) < 7));
}

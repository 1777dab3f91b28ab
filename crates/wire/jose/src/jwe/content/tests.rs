//! The test cases of RFC 7518, appendix B.

use data_encoding::HEXLOWER;

use super::*;

const PLAINTEXT: &[u8] = b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without inconvenience";
const AAD: &[u8] = b"The second principle of Auguste Kerckhoffs";
const IV: &str = "1af38c2dc2b96ffdd86694092341bc04";

#[test]
fn aes_256_cbc_hmac_sha_512_equals_the_rfc() {
    let cek: Vec<u8> = (0..64).collect();
    let iv = HEXLOWER.decode(IV.as_bytes()).unwrap();
    let (ciphertext, tag) = ContentAlgorithm::A256CbcHs512.encrypt(&cek, &iv, AAD, PLAINTEXT).unwrap();
    assert_eq!(
        HEXLOWER.encode(&ciphertext),
        "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950bbe2638d09dd7a4930930806d0703b1f6"
    );
    assert_eq!(HEXLOWER.encode(&tag), "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5");
    let opened = ContentAlgorithm::A256CbcHs512.decrypt(&cek, &iv, AAD, &ciphertext, &tag).unwrap();
    assert_eq!(opened, PLAINTEXT);
}

#[test]
fn aes_128_cbc_hmac_sha_256_has_the_tag_of_the_rfc() {
    let cek: Vec<u8> = (0..32).collect();
    let iv = HEXLOWER.decode(IV.as_bytes()).unwrap();
    let (_, tag) = ContentAlgorithm::A128CbcHs256.encrypt(&cek, &iv, AAD, PLAINTEXT).unwrap();
    assert_eq!(HEXLOWER.encode(&tag), "652c3fa36b0a7c5b3219fab3a30bc1c4");
}

#[test]
fn every_algorithm_notices_changes() {
    for algorithm in ContentAlgorithm::ALL {
        let cek = vec![7; algorithm.key_length()];
        let iv = vec![1; algorithm.iv_length()];
        for length in [0, 1, 15, 16, 17] {
            let plaintext = vec![3; length];
            let (ciphertext, tag) = algorithm.encrypt(&cek, &iv, AAD, &plaintext).unwrap();
            let open = |iv: &[u8], aad: &[u8], ciphertext: &[u8], tag: &[u8]| {
                algorithm.decrypt(&cek, iv, aad, ciphertext, tag)
            };
            assert_eq!(open(&iv, AAD, &ciphertext, &tag), Ok(plaintext));
            assert!(open(&iv, b"", &ciphertext, &tag).is_err());
            assert!(open(&iv, AAD, &ciphertext, &tag[1..]).is_err());
            assert!(open(&iv, AAD, &ciphertext, &[]).is_err());
            assert!(open(&iv[1..], AAD, &ciphertext, &tag).is_err());
            assert!(open(&vec![2; iv.len()], AAD, &ciphertext, &tag).is_err());
            let mut damaged = ciphertext.clone();
            damaged.push(0);
            assert!(open(&iv, AAD, &damaged, &tag).is_err());
        }
    }
}

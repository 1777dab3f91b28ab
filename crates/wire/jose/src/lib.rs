//! JSON Web Signature, Encryption, Key and Token.

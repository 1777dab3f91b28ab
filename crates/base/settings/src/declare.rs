//! The macros that turn one line per setting into a struct, its reader and its description.
//!
//! They emit data and one call per field; all behaviour is ordinary code in `load` and `describe`.

use serde_json::Value as Json;

/// What is known about one setting without reading it.
#[derive(Debug)]
pub struct Item {
    /// Dotted key, as in YAML.
    pub key: &'static str,
    /// Older or alternative keys that mean the same.
    pub aliases: &'static [&'static str],
    /// Text for the reference, one entry a source line.
    pub doc: &'static [&'static str],
    /// Text of the default, read by the same parser as any other value.
    pub default: Option<&'static str>,
    /// Whether the value must never be shown.
    pub is_secret: bool,
    /// Whether an empty text is a value; otherwise an empty variable counts as not set.
    pub empty_is_value: bool,
    /// Words for what may be written.
    pub allowed: fn() -> String,
    /// JSON schema of the value.
    pub schema: fn() -> Json,
}

impl Item {
    /// The key followed by its aliases.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.key).chain(self.aliases.iter().copied())
    }

    /// Name of the environment variable for the main key, e.g. `KEYWRIGHT_LISTEN__HTTP`.
    pub fn variable(&self) -> String {
        variable_name("KEYWRIGHT_", self.key)
    }
}

/// The variable that sets `key`.
pub(crate) fn variable_name(prefix: &str, key: &str) -> String {
    format!("{prefix}{}", key.replace('.', "__").to_uppercase())
}

/// One group of settings, as it appears in the reference.
#[derive(Debug)]
pub struct Section {
    /// Name of the struct, used as heading.
    pub name: &'static str,
    /// Introduction.
    pub doc: &'static [&'static str],
    /// The settings, in order of declaration.
    pub items: &'static [Item],
}

/// Declares a section: `field: Type, "key" | "alias" = "default";`.
///
/// Without a default the type decides: `Option` and `Vec` may be absent, anything else is required.
macro_rules! settings {
    (
        $(#[doc = $section_doc:literal])+
        pub struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $type:ty, $key:literal $(| $alias:literal)* $(= $default:literal)?;
            )+
        }
    ) => {
        $(#[doc = $section_doc])+
        #[derive(Debug, Clone)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $type, )+
        }

        impl $name {
            pub(crate) const SECTION: $crate::Section = $crate::Section {
                name: stringify!($name),
                doc: &[$($section_doc),+],
                items: &[$(
                    $crate::Item {
                        key: $key,
                        aliases: &[$($alias),*],
                        doc: &[$($doc),+],
                        default: settings!(@default $($default)?),
                        is_secret: <$type as $crate::Value>::SECRET,
                        empty_is_value: <$type as $crate::Value>::EMPTY_IS_VALUE,
                        allowed: <$type as $crate::Value>::allowed,
                        schema: <$type as $crate::Value>::schema,
                    },
                )+],
            };

            /// Reads every field before giving up, so that all problems are reported together.
            pub(crate) fn read(reader: &mut $crate::load::Reader<'_>) -> Option<Self> {
                $( let $field = reader.value::<$type>($key); )+
                Some(Self { $( $field: $field?, )+ })
            }
        }
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
}
pub(crate) use settings;

/// Declares an enum whose variants are words: `Variant = "word" | "synonym"`.
macro_rules! choices {
    (
        $(#[doc = $enum_doc:literal])+
        pub enum $name:ident {
            $( $(#[doc = $doc:literal])+ $variant:ident = $word:literal $(| $synonym:literal)*, )+
        }
    ) => {
        $(#[doc = $enum_doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl $crate::Choice for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn from_word(word: &str) -> Option<Self> {
                match word {
                    $( $word $(| $synonym)* => Some(Self::$variant), )+
                    _ => None,
                }
            }

            fn word(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }
        }
    };
}
pub(crate) use choices;

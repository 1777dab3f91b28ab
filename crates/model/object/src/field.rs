//! One field of an object.

use crate::choice::Choice;
use crate::id::KeyKind;
use crate::json::Shape;
use crate::typed::FieldType;

/// What may happen to a row whose reference's target is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    Cascade,
    SetNull,
    /// The delete is refused while the reference stands.
    Restrict,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Bool,
    Int {
        min: i64,
        max: i64,
    },
    Float,
    Text {
        max: Option<u32>,
    },
    /// Letters, digits, `-` and `_`.
    Slug {
        max: Option<u32>,
    },
    Email,
    Url,
    /// A span of time as authentik writes it: `hours=1;minutes=30`.
    Duration,
    /// An expression (see the crate `expr`).
    Code,
    Uuid,
    Time,
    Choice(&'static [Choice]),
    /// A list of scalars, kept as JSON.
    List(&'static Kind),
    Json(Shape),
    /// A reference to another object, by its model label.
    Ref {
        target: &'static str,
        on_delete: OnDelete,
    },
    /// References to many objects, kept in a table of their own.
    Many {
        target: &'static str,
    },
    /// The other end of a [`Kind::Many`]: `field` of `target` holds us.
    Reverse {
        target: &'static str,
        field: &'static str,
    },
}

/// Who may see and set a field over the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    ReadWrite,
    ReadOnly,
    WriteOnly,
    /// Set when the object is made, read-only afterwards.
    CreateOnly,
    /// Not part of the API (a password hash).
    Internal,
}

/// A value made at the moment a row is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generated {
    Uuid,
    Now,
    /// A random string of that many letters and digits.
    Token(u32),
    /// The present plus that many minutes.
    InMinutes(i64),
    /// A random string with a prefix.
    Prefixed(&'static str, u32),
}

/// What a field holds when nothing was given.
#[derive(Debug, Clone, Copy)]
pub enum Default {
    /// The field must be given.
    Required,
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'static str),
    /// JSON text, parsed when used.
    Json(&'static str),
    /// No references.
    Empty,
    Generated(Generated),
}

/// A field: what the derive makes out of a line of the struct.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Column and wire name.
    pub name: &'static str,
    /// Wire name where it differs from the column (`pk`).
    pub wire: &'static str,
    pub kind: Kind,
    pub null: bool,
    /// May be null over the API too. A column may be nullable although the API asks for a value.
    pub wire_null: bool,
    /// An empty text is a value too.
    pub blank: bool,
    pub default: Default,
    pub unique: bool,
    pub index: bool,
    pub access: Access,
    /// Never shown in events, logs or reads without a permission of its own.
    pub secret: bool,
    /// Compared and kept without surrounding blanks unless set.
    pub keep_blanks: bool,
    /// Earlier name, for the migration.
    pub was: Option<&'static str>,
    /// When the admin form shows it: `mode == static`.
    pub shown_if: &'static str,
    /// Label for people; from the name when empty.
    pub label: &'static str,
    /// The doc comment.
    pub help: &'static str,
    /// Name of the enumeration in the OpenAPI document.
    pub enum_name: &'static str,
    /// What is said when a unique value is taken, where the usual sentence is not what clients know.
    pub unique_text: &'static str,
}

impl Field {
    /// The field of a Rust type: kind, nullability and default follow from it.
    pub const fn of<T: FieldType>(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            wire: name,
            kind: T::KIND,
            null: T::NULL,
            wire_null: T::NULL,
            blank: false,
            default: if T::NULL { Default::Null } else { T::DEFAULT },
            unique: false,
            index: false,
            access: Access::ReadWrite,
            secret: false,
            keep_blanks: false,
            was: None,
            shown_if: "",
            label: "",
            help,
            enum_name: T::ENUM_NAME,
            unique_text: "",
        }
    }

    /// The primary key. A UUID is made when none is given, a number is counted by the database.
    pub const fn key(mut self, kind: KeyKind) -> Self {
        self.access = Access::ReadOnly;
        (self.kind, self.default) = match kind {
            KeyKind::Uuid => (Kind::Uuid, Default::Generated(Generated::Uuid)),
            KeyKind::Int => (Kind::Int { min: 1, max: i64::MAX }, Default::Null),
        };
        self
    }
    /// Says that the key is a number counted by the database; read by the derive.
    pub const fn counted(self) -> Self {
        self
    }
    pub const fn wire(mut self, name: &'static str) -> Self {
        self.wire = name;
        self
    }
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }
    pub const fn unique_text(mut self, text: &'static str) -> Self {
        self.unique_text = text;
        self
    }
    pub const fn index(mut self) -> Self {
        self.index = true;
        self
    }
    pub const fn blank(mut self) -> Self {
        self.blank = true;
        if let Default::Required = self.default {
            self.default = Default::Text("");
        }
        self
    }
    /// May be empty, but must be given.
    pub const fn allow_blank(mut self) -> Self {
        self.blank = true;
        self
    }
    pub const fn max(mut self, max: u32) -> Self {
        self.kind = match self.kind {
            Kind::Slug { .. } => Kind::Slug { max: Some(max) },
            _ => Kind::Text { max: Some(max) },
        };
        self
    }
    pub const fn min_value(mut self, value: i64) -> Self {
        if let Kind::Int { max, .. } = self.kind {
            self.kind = Kind::Int { min: value, max };
        }
        self
    }
    pub const fn max_value(mut self, value: i64) -> Self {
        if let Kind::Int { min, .. } = self.kind {
            self.kind = Kind::Int { min, max: value };
        }
        self
    }
    /// One of these values over the API, though the program may keep others (custom events).
    pub const fn choices(mut self, choices: &'static [Choice], enum_name: &'static str) -> Self {
        self.kind = Kind::Choice(choices);
        self.enum_name = enum_name;
        self
    }
    pub const fn slug(mut self) -> Self {
        self.kind = Kind::Slug { max: None };
        self
    }
    pub const fn url(mut self) -> Self {
        self.kind = Kind::Url;
        self
    }
    pub const fn email(mut self) -> Self {
        self.kind = Kind::Email;
        self
    }
    pub const fn duration(mut self) -> Self {
        self.kind = Kind::Duration;
        self
    }
    pub const fn code(mut self) -> Self {
        self.kind = Kind::Code;
        self
    }
    /// The other end of a many-to-many field.
    pub const fn reverse(mut self, field: &'static str) -> Self {
        if let Kind::Many { target } = self.kind {
            self.kind = Kind::Reverse { target, field };
        }
        self
    }
    pub const fn on_delete(mut self, rule: OnDelete) -> Self {
        if let Kind::Ref { target, .. } = self.kind {
            self.kind = Kind::Ref { target, on_delete: rule };
        }
        self
    }
    pub const fn cascade(self) -> Self {
        self.on_delete(OnDelete::Cascade)
    }
    pub const fn set_null(self) -> Self {
        self.on_delete(OnDelete::SetNull)
    }
    pub const fn restrict(self) -> Self {
        self.on_delete(OnDelete::Restrict)
    }
    /// A reference to a model of a layer above, by its label.
    pub const fn to(mut self, label: &'static str) -> Self {
        self.kind = match self.kind {
            Kind::Many { .. } => Kind::Many { target: label },
            Kind::Ref { on_delete, .. } => Kind::Ref { target: label, on_delete },
            _ => Kind::Ref { target: label, on_delete: OnDelete::Cascade },
        };
        self
    }
    pub const fn default(mut self, value: Default) -> Self {
        self.default = value;
        self
    }
    pub const fn default_text(self, value: &'static str) -> Self {
        self.default(Default::Text(value))
    }
    pub const fn default_int(self, value: i64) -> Self {
        self.default(Default::Int(value))
    }
    pub const fn default_bool(self, value: bool) -> Self {
        self.default(Default::Bool(value))
    }
    pub const fn default_json(self, value: &'static str) -> Self {
        self.default(Default::Json(value))
    }
    pub const fn generated(self, how: Generated) -> Self {
        self.default(Default::Generated(how))
    }
    /// Must be given although its type has a natural default.
    pub const fn required(self) -> Self {
        self.default(Default::Required)
    }
    /// Must be given and may not be null over the API, although the column is nullable.
    pub const fn never_null(mut self) -> Self {
        self.wire_null = false;
        self.default = Default::Required;
        self
    }
    pub const fn read_only(mut self) -> Self {
        self.access = Access::ReadOnly;
        self
    }
    pub const fn write_only(mut self) -> Self {
        self.access = Access::WriteOnly;
        self
    }
    pub const fn create_only(mut self) -> Self {
        self.access = Access::CreateOnly;
        self
    }
    pub const fn internal(mut self) -> Self {
        self.access = Access::Internal;
        self
    }
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
    pub const fn keep_blanks(mut self) -> Self {
        self.keep_blanks = true;
        self
    }
    pub const fn was(mut self, name: &'static str) -> Self {
        self.was = Some(name);
        self
    }
    pub const fn shown_if(mut self, condition: &'static str) -> Self {
        self.shown_if = condition;
        self
    }
    pub const fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    /// Whether the value lives in a column of the object's own table.
    pub const fn is_column(&self) -> bool {
        !matches!(self.kind, Kind::Many { .. } | Kind::Reverse { .. })
    }
    /// The label of the referenced model, if any.
    pub const fn target(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Ref { target, .. } | Kind::Many { target } | Kind::Reverse { target, .. } => Some(target),
            _ => None,
        }
    }
}

//! All models together: names resolved, families collected, references turned around.

use std::collections::HashMap;

use thiserror::Error;

use crate::field::{Field, Kind, OnDelete};
use crate::schema::Schema;

/// A schema with the fields of its bases, ready for running code.
#[derive(Debug)]
pub struct Model {
    pub schema: &'static Schema,
    /// From the root of the family down to this schema: one table each, all with the same key.
    pub chain: Vec<&'static Schema>,
    /// Base fields first; the first of all is the key.
    pub fields: Vec<&'static Field>,
    /// For each field, the position in `chain` of the table it lives in.
    pub home: Vec<usize>,
    index: HashMap<&'static str, usize>,
}

impl Model {
    pub fn build(schema: &'static Schema) -> Self {
        let mut chain = vec![schema];
        while let Some(base) = chain[chain.len() - 1].base {
            chain.push(base);
        }
        chain.reverse();
        let mut fields: Vec<&'static Field> = Vec::new();
        let mut home = Vec::new();
        for (i, part) in chain.iter().enumerate() {
            fields.extend(part.fields);
            home.resize(fields.len(), i);
        }
        let mut index = HashMap::new();
        for (i, field) in fields.iter().enumerate() {
            index.entry(field.wire).or_insert(i);
            index.entry(field.name).or_insert(i);
        }
        Self { schema, chain, fields, home, index }
    }
    pub fn name(&self) -> &'static str {
        self.schema.model
    }
    pub fn root(&self) -> &'static Schema {
        self.chain[0]
    }
    pub fn key_field(&self) -> &'static Field {
        self.fields[0]
    }
    /// Position of a field by column or wire name; `pk` is always the key.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied().or_else(|| (name == "pk").then_some(0))
    }
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.index_of(name).map(|i| self.fields[i])
    }
    /// The field that the detail URL names.
    pub fn lookup(&self) -> &'static Field {
        let named = self.chain.iter().rev().find_map(|s| s.lookup);
        named.and_then(|n| self.field(n)).unwrap_or(self.key_field())
    }
    /// Whether this is `label` or extends it.
    pub fn is_a(&self, label: &str) -> bool {
        self.chain.iter().any(|s| s.model == label)
    }
}

/// A family root with its kinds.
#[derive(Debug)]
pub struct Family {
    pub root: &'static Model,
    /// Kinds by label, in the order of registration.
    pub kinds: Vec<&'static Model>,
}

/// A reference seen from its target.
#[derive(Debug, Clone, Copy)]
pub struct Dependent {
    pub model: &'static Model,
    pub field: &'static Field,
    /// `None` for many-to-many.
    pub on_delete: Option<OnDelete>,
}

/// A mistake in the declarations, found at start.
#[derive(Debug, Error)]
pub enum CatalogueError {
    #[error("{0} is declared twice")]
    Twice(&'static str),
    #[error("{model}.{field} refers to {target}, which is not in the catalogue")]
    NoTarget { model: &'static str, field: &'static str, target: &'static str },
    #[error("{model} extends {base}, which is not in the catalogue")]
    NoBase { model: &'static str, base: &'static str },
    #[error("{model}: the table name {table} is longer than the 63 bytes that PostgreSQL keeps")]
    LongTable { model: &'static str, table: &'static str },
    #[error("{model}: {name} in {list} is not a field")]
    NoField { model: &'static str, list: &'static str, name: &'static str },
}

/// Every model of the program.
#[derive(Debug, Default)]
pub struct Catalogue {
    models: Vec<&'static Model>,
    by_label: HashMap<&'static str, &'static Model>,
    dependents: HashMap<&'static str, Vec<Dependent>>,
}

impl Catalogue {
    /// # Errors
    /// A label is taken twice, or a reference or a base leads nowhere.
    pub fn new(models: Vec<&'static Model>) -> Result<Self, CatalogueError> {
        let mut by_label = HashMap::new();
        for model in &models {
            if by_label.insert(model.name(), *model).is_some() {
                return Err(CatalogueError::Twice(model.name()));
            }
        }
        let mut dependents: HashMap<&'static str, Vec<Dependent>> = HashMap::new();
        for model in &models {
            let table = model.schema.table;
            if table.len() > 63 {
                return Err(CatalogueError::LongTable { model: model.name(), table });
            }
            for base in &model.chain {
                if !by_label.contains_key(base.model) {
                    return Err(CatalogueError::NoBase { model: model.name(), base: base.model });
                }
            }
            // A family's root declares a reference once; its kinds inherit it.
            for field in model.schema.fields {
                let Some(target) = field.target() else { continue };
                if !by_label.contains_key(target) {
                    return Err(CatalogueError::NoTarget { model: model.name(), field: field.name, target });
                }
                let on_delete = match field.kind {
                    Kind::Ref { on_delete, .. } => Some(on_delete),
                    Kind::Reverse { .. } => continue,
                    _ => None,
                };
                dependents.entry(target).or_default().push(Dependent { model, field, on_delete });
            }
            for name in model.schema.ordering {
                let bare = name.trim_start_matches('-');
                if !bare.contains("__") && model.field(bare).is_none() {
                    return Err(CatalogueError::NoField { model: model.name(), list: "ordering", name });
                }
            }
        }
        Ok(Self { models, by_label, dependents })
    }
    /// In the order of registration: a table's references may point forwards.
    pub fn models(&self) -> &[&'static Model] {
        &self.models
    }
    pub fn model(&self, label: &str) -> Option<&'static Model> {
        self.by_label.get(label).copied()
    }
    /// The concrete kinds below a root (or the model itself when it is no family).
    pub fn kinds(&self, label: &str) -> Vec<&'static Model> {
        self.models.iter().copied().filter(|m| !m.schema.family && m.is_a(label)).collect()
    }
    pub fn families(&self) -> impl Iterator<Item = Family> + '_ {
        self.models.iter().filter(|m| m.schema.family).map(|root| Family { root, kinds: self.kinds(root.name()) })
    }
    /// The references to rows of this table alone; see [`Catalogue::dependents_of`] for a whole kind.
    pub fn dependents(&self, label: &str) -> &[Dependent] {
        self.dependents.get(label).map_or(&[], Vec::as_slice)
    }
    /// The references to a row of this model, whether to the kind or to one of its bases.
    pub fn dependents_of(&self, model: &Model) -> impl Iterator<Item = &Dependent> {
        model.chain.iter().flat_map(|s| self.dependents(s.model))
    }
}

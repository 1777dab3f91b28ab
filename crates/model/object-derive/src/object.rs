//! `#[derive(Object)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Error, Expr, Field, Fields, Meta, Result, Token, Type};

pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(name, "an object is a struct with named fields"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(name, "an object is a struct with named fields"));
    };

    let mut own: Vec<&Field> = Vec::new();
    let mut base: Option<&Field> = None;
    for field in &fields.named {
        if field.ident.as_ref().is_some_and(|i| i == "base") {
            base = Some(field);
        } else {
            own.push(field);
        }
    }
    let attributes = metas(&input.attrs, "object")?;
    let model = attributes
        .iter()
        .find_map(|m| match m {
            Meta::NameValue(nv) if nv.path.is_ident("model") => Some(&nv.value),
            _ => None,
        })
        .ok_or_else(|| Error::new_spanned(name, "#[object(model = \"app.name\", …)] is missing"))?;

    let calls = attributes.iter().map(builder_call).collect::<Result<Vec<_>>>()?;
    let help = doc_text(&input.attrs);
    let declared = own.iter().map(|f| declare(f)).collect::<Result<Vec<_>>>()?;
    let names: Vec<_> = own.iter().map(|f| f.ident.as_ref()).collect();
    let labels: Vec<_> = names.iter().map(|n| n.map(|n| n.unraw().to_string())).collect();

    let (key_type, key, base_call, push_base, read_base) = if let Some(field) = base {
        let ty = &field.ty;
        (
            quote!(<#ty as ::object::Object>::Key),
            quote!(::object::Object::key(&self.base)),
            quote!(.base(&<#ty as ::object::Object>::SCHEMA).key(<#ty as ::object::Object>::SCHEMA.key)),
            quote!(::object::Object::push_values(&self.base, out);),
            quote!(base: <#ty as ::object::Object>::read_values(reader)?,),
        )
    } else {
        let first = own.first().ok_or_else(|| Error::new_spanned(name, "an object has at least a key"))?;
        let key_ty = key_type_of(first)?;
        let ident = &first.ident;
        (
            quote!(#key_ty),
            quote!(::object::Id::key(self.#ident)),
            quote!(.key(<#key_ty as ::object::KeyType>::KIND)),
            quote!(),
            quote!(),
        )
    };

    let text = name.to_string();
    Ok(quote! {
        impl #name {
            #[doc(hidden)]
            const OWN_FIELDS: &'static [::object::Field] = &[#(#declared),*];
        }
        impl ::object::Object for #name {
            type Key = #key_type;
            const MODEL: &'static str = #model;
            const SCHEMA: ::object::Schema = ::object::Schema::new(#text, #help, Self::OWN_FIELDS) #base_call #(#calls)*;
            fn model() -> &'static ::object::Model {
                static MODEL: ::std::sync::LazyLock<::object::Model> =
                    ::std::sync::LazyLock::new(|| ::object::Model::build(&<#name as ::object::Object>::SCHEMA));
                &MODEL
            }
            fn key(&self) -> ::object::Key {
                #key
            }
            fn push_values(&self, out: &mut ::std::vec::Vec<::object::Value>) {
                #push_base
                #(out.push(::object::FieldType::to_value(&self.#names));)*
            }
            fn read_values(
                reader: &mut ::object::ValueReader,
            ) -> ::std::result::Result<Self, ::object::Mismatch> {
                Ok(Self { #read_base #(#names: reader.next(#labels)?,)* })
            }
        }
    })
}

/// `#[object(a, b = x)]` as a list of metas.
pub fn metas(attrs: &[Attribute], name: &str) -> Result<Vec<Meta>> {
    let mut out = Vec::new();
    for attr in attrs.iter().filter(|a| a.path().is_ident(name)) {
        out.extend(attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?);
    }
    Ok(out)
}

/// `unique` → `.unique()`, `max = 50` → `.max(50)`, `choose(a, b)` → `.choose(a, b)`, `filters = [..]` → `.filters(&[..])`.
fn builder_call(meta: &Meta) -> Result<TokenStream> {
    Ok(match meta {
        Meta::Path(path) => quote!(.#path()),
        Meta::NameValue(nv) => {
            let path = &nv.path;
            match &nv.value {
                array @ Expr::Array(_) => quote!(.#path(&#array)),
                value => quote!(.#path(#value)),
            }
        }
        Meta::List(list) => {
            let (path, tokens) = (&list.path, &list.tokens);
            quote!(.#path(#tokens))
        }
    })
}

fn declare(field: &Field) -> Result<TokenStream> {
    let (ty, help) = (&field.ty, doc_text(&field.attrs));
    // A field called `r#type` in Rust is `type` everywhere else.
    let name = field.ident.as_ref().map(|n| n.unraw().to_string());
    let mut calls = Vec::new();
    for meta in metas(&field.attrs, "field")? {
        calls.push(match &meta {
            Meta::Path(path) if path.is_ident("key") => {
                let key = key_type_of(field)?;
                quote!(.key(<#key as ::object::KeyType>::KIND))
            }
            other => builder_call(other)?,
        });
    }
    Ok(quote!(::object::Field::of::<#ty>(#name, #help) #(#calls)*))
}

/// The key type of a root's first field: a UUID, or a number when the field says `counted`. It is read off the
/// attributes because `Self::Key` is what is being defined here.
fn key_type_of(field: &Field) -> Result<TokenStream> {
    let is_id = match &field.ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|s| s.ident == "Id"),
        _ => false,
    };
    if !is_id {
        return Err(Error::new_spanned(&field.ty, "the first field is the key: `Id<Self>`"));
    }
    let counted = metas(&field.attrs, "field")?.iter().any(|m| m.path().is_ident("counted"));
    Ok(if counted { quote!(i64) } else { quote!(::object::Uuid) })
}

/// The doc comment as one text, lines joined, paragraphs kept.
pub fn doc_text(attrs: &[Attribute]) -> String {
    let mut out = String::new();
    for attr in attrs.iter().filter(|a| a.path().is_ident("doc")) {
        let Meta::NameValue(nv) = &attr.meta else { continue };
        let Expr::Lit(lit) = &nv.value else { continue };
        let syn::Lit::Str(text) = &lit.lit else { continue };
        let line = text.value();
        let line = line.trim();
        if line.is_empty() {
            out.push_str("\n\n");
        } else {
            if !out.is_empty() && !out.ends_with('\n') {
                out.push(' ');
            }
            out.push_str(line);
        }
    }
    out.trim().to_owned()
}

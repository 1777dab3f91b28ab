//! `#[derive(Choices)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Meta, Result};

use crate::object::{doc_text, metas};

pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(name, "choices are an enum without data"));
    };
    let mut component = quote!(stringify!(#name));
    for meta in metas(&input.attrs, "choices")? {
        if let Meta::NameValue(nv) = &meta
            && nv.path.is_ident("name")
        {
            let value = &nv.value;
            component = quote!(#value);
        }
    }
    let (mut idents, mut values, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "a choice carries no data"));
        }
        let mut value = quote!();
        for meta in metas(&variant.attrs, "choice")? {
            match &meta {
                Meta::NameValue(nv) if nv.path.is_ident("value") => {
                    let text = &nv.value;
                    value = quote!(#text);
                }
                other => return Err(Error::new_spanned(other, "only `value = \"…\"` is known here")),
            }
        }
        if value.is_empty() {
            let text = snake_case(&variant.ident.to_string());
            value = quote!(#text);
        }
        let label = doc_text(&variant.attrs);
        let label = if label.is_empty() { variant.ident.to_string() } else { label };
        idents.push(&variant.ident);
        values.push(value);
        labels.push(label.trim_end_matches('.').to_owned());
    }
    Ok(quote! {
        impl ::object::Choices for #name {
            const CHOICES: &'static [::object::Choice] =
                &[#(::object::Choice { value: #values, label: #labels }),*];
            const NAME: &'static str = #component;
            fn as_str(self) -> &'static str {
                match self { #(Self::#idents => #values),* }
            }
            fn parse(text: &str) -> ::std::option::Option<Self> {
                #(if text == #values { return Some(Self::#idents); })*
                None
            }
        }
    })
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

//! `?search=`: every term must occur in one of the fields.

use object::Model;
use store::{Filter, Op};

use crate::ask::Ask;
use crate::filter::is_path;

/// More terms than this are no search but an attempt to keep the database busy.
const MAX_TERMS: usize = 16;

pub fn condition(ask: &Ask, model: &'static Model, text: &str) -> Filter {
    let catalogue = ask.app.registry().catalogue;
    let fields = model.chain.iter().rev().map(|s| s.search).find(|s| !s.is_empty()).unwrap_or(&[]);
    let paths: Vec<&str> = fields
        .iter()
        .map(|f| f.trim_start_matches(['^', '=', '@', '$']))
        .filter(|path| is_path(catalogue, model, path))
        .collect();
    if paths.is_empty() {
        return Filter::True;
    }
    let mut all = Filter::True;
    for term in terms(text).into_iter().take(MAX_TERMS) {
        let any = paths.iter().map(|path| Filter::compare((*path).to_owned(), Op::IContains, term.as_str()));
        all = all.and(Filter::Or(any.collect()));
    }
    all
}

/// Words between blanks and commas; quotes keep words together.
fn terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut current = String::new();
    let mut quote = None;
    for c in text.chars().filter(|c| *c != '\0') {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') if current.is_empty() => quote = Some(c),
            (None, c) if c.is_whitespace() || c == ',' => {
                if !current.is_empty() {
                    terms.push(std::mem::take(&mut current));
                }
            }
            (_, c) => current.push(c),
        }
    }
    if !current.is_empty() {
        terms.push(current);
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::terms;

    #[test]
    fn terms_are_words_and_quoted_phrases() {
        assert_eq!(terms("a, b  c"), ["a", "b", "c"]);
        assert_eq!(terms("\"a b\" it's"), ["a b", "it's"]);
        assert!(terms(" ,").is_empty());
    }
}

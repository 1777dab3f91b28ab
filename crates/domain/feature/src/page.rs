//! Pages of lists: which rows are asked for, and the form in which they are answered.
//!
//! Separate so that the lists which a feature makes by hand turn their pages as those of objects do.

use http::StatusCode;
use serde_json::{Value as Json, json};

use crate::app::App;
use crate::installation::Installation;
use crate::problem::Problem;

/// Where the installation's settings say nothing.
const SIZE: u64 = 20;
const MAX_SIZE: u64 = 100;

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    number: u64,
    size: u64,
    /// Rows on all pages.
    total: u64,
}

impl Page {
    /// The page that a query asks for.
    ///
    /// # Errors
    /// There is no such page, or a number of rows that makes no sense; authentik answers 500 to the latter.
    pub fn asked<'q>(
        app: &App,
        parameter: impl Fn(&'static str) -> Option<&'q str>,
        total: u64,
    ) -> Result<Self, Problem> {
        let size = size(app, parameter("page_size"))?;
        let pages = total.div_ceil(size).max(1);
        let number = match parameter("page").map(str::trim) {
            None | Some("") => Some(1),
            Some("last") => Some(pages),
            Some(text) => text.parse().ok(),
        };
        let number = number.filter(|n| (1..=pages).contains(n));
        let number = number.ok_or_else(|| Problem::detail(StatusCode::NOT_FOUND, "Invalid page."))?;
        Ok(Self { number, size, total })
    }
    /// Rows on this page, if it is full.
    pub fn size(&self) -> u64 {
        self.size
    }
    /// Rows before this page.
    pub fn offset(&self) -> u64 {
        (self.number - 1) * self.size
    }
    /// The page's rows out of all, where all are at hand.
    pub fn cut<T>(&self, rows: Vec<T>) -> Vec<T> {
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        rows.into_iter().skip(count(self.offset())).take(count(self.size)).collect()
    }
    /// The answer.
    pub fn json(&self, results: Vec<Json>, autocomplete: Json) -> Json {
        let pages = self.total.div_ceil(self.size).max(1);
        let mut answer = json!({
            "pagination": {
                "next": if self.number < pages { self.number + 1 } else { 0 },
                "previous": self.number - 1,
                "count": self.total,
                "current": self.number,
                "total_pages": pages,
                "start_index": if self.total == 0 { 0 } else { self.offset() + 1 },
                "end_index": (self.offset() + self.size).min(self.total),
            },
        });
        answer["results"] = results.into();
        answer["autocomplete"] = autocomplete;
        answer
    }
}

fn size(app: &App, asked: Option<&str>) -> Result<u64, Problem> {
    let installation = Installation::of(app);
    let number = |name, otherwise| match installation.number(name).and_then(|n| u64::try_from(n).ok()) {
        // Zero rows on a page would never come to an end.
        None | Some(0) => otherwise,
        Some(n) => n,
    };
    let most = number("pagination_max_page_size", MAX_SIZE);
    let Some(text) = asked else {
        return Ok(number("pagination_default_page_size", SIZE));
    };
    match text.trim().parse::<i64>() {
        Ok(n) if n >= 1 => Ok(n.unsigned_abs().min(most)),
        Ok(_) => Err(Problem::field("page_size", "Ensure this value is greater than or equal to 1.")),
        Err(_) => Err(Problem::field("page_size", "A valid integer is required.")),
    }
}

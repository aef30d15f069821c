//! All cmdlets that can be run: the language's own and the product's.

use crate::cmdlet::Cmdlet;
use crate::error::Failure;
use crate::filters::rows::FILTERS;
use crate::nearest::nearest;
use crate::unsupported::{CMDLETS, instead};

/// All cmdlets that can be run.
#[derive(Debug, Clone)]
pub struct Catalogue {
    rows: Vec<&'static Cmdlet>,
}

impl Catalogue {
    /// The language's own cmdlets and `product`, which go by different names.
    pub fn new(product: impl IntoIterator<Item = &'static Cmdlet>) -> Self {
        let mut rows: Vec<&'static Cmdlet> = product.into_iter().collect();
        rows.extend(FILTERS.iter().map(|(_, row)| row));
        rows.sort_by_key(|it| (it.noun, it.verb));
        Self { rows }
    }

    /// Every row, by noun and verb.
    pub fn rows(&self) -> impl Iterator<Item = &'static Cmdlet> {
        self.rows.iter().copied()
    }

    /// The cmdlet called `name`, or the refusal that suggests another.
    pub fn find(&self, name: &str) -> Result<&'static Cmdlet, Failure> {
        if let Some(found) = self.rows().find(|it| it.goes_by(name)) {
            return Ok(found);
        }
        if let Some(advice) = instead(CMDLETS, name) {
            let message = format!("{name} is not supported in this shell");
            return Err(Failure::new("unsupported-cmdlet", message, advice));
        }
        let lines = self.lines_with(name);
        if !lines.is_empty() {
            let message = format!("this shell knows no such line with `{name}`");
            let hint = format!("it knows `{}`", lines.join("`, `"));
            return Err(Failure::new("unknown-cmdlet", message, hint));
        }
        let near = nearest(name, self.rows().map(Cmdlet::name));
        let hint = near.map_or_else(
            || "`Get-Help` lists all there are".to_owned(),
            |it| format!("did you mean {it}? `Get-Help` lists all there are"),
        );
        Err(Failure::new("unknown-cmdlet", format!("there is no cmdlet `{name}`"), hint))
    }
}

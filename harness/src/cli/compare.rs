//! `gatecrash compare`: two files in, one comparison out.

use std::path::Path;

use super::args::{Common, Compare};
use super::output;
use super::problem::Problem;
use crate::base::exit::Exit;
use crate::load::compare::{
    self, Baseline, Comparison, ComparisonOptions, annotations, json, markdown, read, text,
};

pub(super) fn compare(arguments: &Compare, common: &Common) -> Result<Exit, Problem> {
    let (base, new) = (load(&arguments.base)?, load(&arguments.new)?);
    let name = |path: &Path| path.display().to_string();
    let options = ComparisonOptions { seed: common.seed(), tolerance: arguments.tolerance };
    let (base_name, new_name) = (name(&arguments.base), name(&arguments.new));
    let comparison = compare::compare((&base_name, &base), (&new_name, &new), options);
    write(&comparison, common)?;
    Ok(Exit::from(comparison.verdict()))
}

fn load(path: &Path) -> Result<Baseline, Problem> {
    read::read(path).map_err(Problem::Comparison)
}

fn write(comparison: &Comparison, common: &Common) -> Result<(), Problem> {
    let forms = output::Forms {
        text: &|color| text::render(comparison, text::ComparisonTextOptions { color, quiet: common.quiet }),
        json: &|| json::render(comparison),
        markdown: &|| markdown::render(comparison),
        annotations: &|| annotations::of_comparison(comparison),
    };
    output::forms(&forms, common)
}

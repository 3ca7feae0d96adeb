//! `MOCK`: the parameters in effect, and nothing done.

use std::fmt::Write as _;

use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::settings::Parameter;

/// Prints the parameters and does nothing, which is no success.
pub(super) fn mock(table: &[Parameter], output: &Output) -> Exit {
    let width = |column: fn(&Parameter) -> usize| table.iter().map(column).max().unwrap_or_default();
    let (name_width, value_width) = (width(|row| row.name.len()), width(|row| row.value.chars().count()));
    let mut text = String::new();
    for Parameter { name, value, from } in table {
        let _ = writeln!(text, "{name:name_width$}  {value:value_width$}  {from}");
    }
    tracing::warn!("MOCK: nothing was attempted");
    Exit::Usage.or(output.data(&text))
}

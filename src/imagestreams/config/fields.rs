//! The fields of one mapping, by the rules of Go's decoders, which the file was written for.

use serde_yaml::{Location, Spanned};

use crate::model::Severity;
use crate::redact::mask_logins;
use crate::yaml::{Node, Source, Value};

/// A field, and what is written there.
pub(super) type Field = (Spanned<String>, Node);

/// The fields of a mapping, each once.
#[derive(Debug)]
pub(super) struct Fields(Vec<(&'static str, Field)>);

impl Fields {
    /// The fields of `node`, of which there are those in `known`; none where it is no mapping, which is then said.
    ///
    /// Names match whatever their case. Of several spellings the last in the order of bytes counts, which is the one in
    /// lower case; that another does not count is as bad as `twice`.
    pub(super) fn of(
        source: &mut Source<'_>,
        node: Node,
        known: &[&'static str],
        twice: Severity,
    ) -> Option<Self> {
        let entries = match node.value {
            Value::Map(entries) => entries,
            Value::Nothing => Vec::new(),
            _ => {
                let fields = listed(known);
                source.wrong_with_hint(
                    node.referenced,
                    "expected a mapping",
                    format!("its keys are {fields}"),
                );
                return None;
            }
        };
        let mut fields = Self(Vec::new());
        for field in entries {
            let key = &field.0;
            if let Some(name) = known.iter().find(|name| name.eq_ignore_ascii_case(&key.value)) {
                fields.add(source, name, field, twice);
            } else {
                let hint = format!("the keys here are {}", listed(known));
                source.wrong_with_hint(
                    key.referenced,
                    format!("unknown key `{}`", mask_logins(&key.value)),
                    hint,
                );
            }
        }
        Some(fields)
    }

    fn add(&mut self, source: &mut Source<'_>, name: &'static str, field: Field, twice: Severity) {
        let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == name) else {
            return self.0.push((name, field));
        };
        let mut other = field;
        if other.0.value > known.0.value {
            std::mem::swap(known, &mut other);
        }
        let message = format!("`{}` does not count beside `{}`", other.0.value, known.0.value);
        source.find(twice, other.0.referenced, message).code = "two-spellings";
    }

    /// Takes a field out.
    pub(super) fn take(&mut self, name: &str) -> Option<Field> {
        let at = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// The text of a field; empty where there is none. A number is wrong.
    pub(super) fn text(&mut self, source: &mut Source<'_>, name: &str) -> String {
        let Some((key, node)) = self.take(name) else { return String::new() };
        match node.value {
            Value::Text(text) => return text,
            Value::Nothing => {}
            Value::Number(_) | Value::Negative(_) | Value::Fraction(_) | Value::Truth(_) => {
                let written = source.written(node.referenced);
                let message = format!("`{}` takes text, and `{written}` is none", key.value);
                source.wrong_with_hint(node.referenced, message, format!("write `\"{written}\"`"));
            }
            Value::List(_) | Value::Map(_) => no_text(source, &key.value, node.referenced),
        }
        String::new()
    }

    /// The text of a field, and where it is; what is a number or a boolean becomes the text that Go makes of it.
    pub(super) fn converted(&mut self, source: &mut Source<'_>, name: &str) -> Option<(String, Location)> {
        let (key, node) = self.take(name)?;
        let at = node.referenced;
        let text = match node.value {
            Value::Text(text) => return Some((text, at)),
            Value::Nothing => return None,
            Value::Number(number) => number.to_string(),
            Value::Negative(number) => number.to_string(),
            Value::Fraction(number) => go_float(number),
            Value::Truth(truth) => truth.to_string(),
            Value::List(_) | Value::Map(_) => {
                no_text(source, &key.value, at);
                return None;
            }
        };
        let written = source.written(at);
        let message = format!("`{}` is read as the text `{text}`", key.value);
        let finding = source.find(Severity::Warning, at, message);
        finding.code = "unquoted";
        finding.hint = Some(format!("write `\"{written}\"` if that is meant, else `\"{text}\"`"));
        Some((text, at))
    }
}

fn no_text(source: &mut Source<'_>, key: &str, at: Location) {
    source.wrong(at, format!("`{key}` takes text"));
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// A number as Go prints it in as few digits as name it (`strconv.FormatFloat`, format `g`).
fn go_float(number: f64) -> String {
    let exponential = format!("{number:e}");
    let Some((digits, exponent)) = exponential.split_once('e') else { return exponential };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if number != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_becomes_the_text_that_go_prints() {
        for (number, text) in [
            (4.20, "4.2"),
            (10.0, "10"),
            (0.0, "0"),
            (123_456.5, "123456.5"),
            (1e6, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-4.5, "-4.5"),
        ] {
            assert_eq!(go_float(number), text);
        }
    }
}

//! Explicit lists of pins: `ARCH RELEASE [# why]`, a pin on each line; `*` is all architectures.

use std::sync::Arc;

use super::{Pin, PinnedBy};
use crate::model::{Finding, Severity, Span};

/// The pins of the list `file`.
///
/// # Errors
/// Each line that is no pin.
pub(super) fn read(file: &Arc<str>, bytes: &[u8]) -> Result<Vec<Pin>, Vec<Finding>> {
    let (mut pins, mut findings) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        match pin(file, number, line) {
            Ok(pin) => pins.extend(pin),
            Err(message) => findings.push(Finding {
                span: Some(Span::new(number, line, &(0..line.len()))),
                ..Finding::about(file, Severity::Error, "not-a-pin", message)
                    .hint("a line is `ARCH RELEASE [# why]`, with `*` for all architectures")
            }),
        }
    }
    if findings.is_empty() { Ok(pins) } else { Err(findings) }
}

fn pin(file: &Arc<str>, number: u32, line: &[u8]) -> Result<Option<Pin>, String> {
    let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    let (said, why) = line.split_once('#').map_or((line, ""), |(said, why)| (said, why.trim()));
    let words: Vec<&str> = said.split_whitespace().collect();
    let [arch, release] = match words[..] {
        [] => return Ok(None),
        [arch, release] => [arch, release],
        _ => {
            return Err(format!(
                "it has {} words where there should be an architecture and a build",
                words.len()
            ));
        }
    };
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c));
    if (arch != "*" && !is_name(arch)) || !is_name(release) {
        return Err("it has a character that no architecture and no build has in its name".to_owned());
    }
    // It would be another than any that there is, and protect nothing.
    if arch.contains(|c: char| c.is_ascii_uppercase()) {
        return Err("architectures are written in lower case".to_owned());
    }
    let why = (!why.is_empty()).then(|| Arc::from(why));
    let arch = (arch != "*").then(|| Arc::from(arch));
    let by = PinnedBy::Line { file: Arc::clone(file), line: number, why };
    Ok(Some(Pin { arch, release: release.into(), by }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_architecture_and_a_build_and_why() {
        let list = b"# kept\n\nx86_64 9.6.1-0 # shipped in a kit\r\n* 9.6.2-0\n";
        let pins = read(&"keep".into(), list).unwrap();
        let said: Vec<String> =
            pins.iter().map(|pin| format!("{:?} {} {}", pin.arch, pin.release, pin.by)).collect();
        assert_eq!(said, ["Some(\"x86_64\") 9.6.1-0 keep:3 (shipped in a kit)", "None 9.6.2-0 keep:4"]);
    }

    #[test]
    fn every_line_that_is_no_pin_is_told_with_its_number() {
        let findings =
            read(&"keep".into(), b"x86_64 9.6.1-0\nx86_64\n* 9.* \nx86_64 a b\n\xff 1\nX86_64 9.6.1-0\n")
                .unwrap_err();
        assert_eq!(findings.iter().map(Finding::line).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    }
}

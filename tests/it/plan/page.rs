//! The Markdown page: what GitHub takes, whatever is in the names.

use image_mirror::model::{Locator, Origin, Outcome, Reason, Row};
use image_mirror::report::markdown;

use crate::report_sample::{every_outcome, report, row};

#[test]
fn the_markdown_of_every_outcome_is_as_it_was() {
    insta::assert_snapshot!(markdown(&every_outcome()));
}

#[test]
fn what_names_say_is_no_markup() {
    let hostile = "a|b`c`<img src=x onerror=y> [x](http://evil) @everyone";
    let origin = Origin::Line { file: "mapping_|`x`<b>".into(), line: 1 };
    let planned = row(1, Outcome::Planned(Reason::Absent));
    let source = Locator::Text(hostile.into());
    let page = markdown(&report(vec![Row { origin, source, previous: None, ..planned }]));
    let table: Vec<&str> = page.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(table.len(), 3, "{page}");
    assert!(table.iter().all(|line| line.matches('|').count() == 8), "{page}");
    assert!(!page.contains('`') && !page.contains("<img") && !page.contains("<b>"), "{page}");
    assert!(!page.contains("](") && !page.contains('@'), "{page}");
    assert!(page.contains("&#124;b&#96;c&#96;"), "{page}");
}

#[test]
fn a_plan_of_thousands_of_lines_stays_within_a_comment_and_counts_the_rest() {
    let rows: Vec<Row> = (1..=3000).map(|line| row(line, Outcome::Planned(Reason::Differs))).collect();
    let page = markdown(&report(rows));
    assert!(page.chars().count() < 65_536, "{}", page.chars().count());
    let shown = page.lines().filter(|line| line.starts_with("| <code>")).count();
    assert!(shown > 100, "{shown}");
    let rest = format!("{} more do not fit here", image_mirror::report::number(3000 - shown as u64));
    assert!(page.contains(&rest), "{shown}: {rest}");
    assert_eq!((page.matches("<details>").count(), page.matches("</details>").count()), (1, 1));
}

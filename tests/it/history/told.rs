//! What the report says of the state, for programs.

use image_mirror::model::{State, StateFound};
use image_mirror::report;

use crate::report_sample;

#[test]
fn what_the_report_says_of_the_state_is_taken_in_again() {
    let state = State {
        place: "quay.io/org/state:knative".into(),
        found: StateFound::Unreadable,
        written: true,
        requests: 7,
    };
    let written = report::Report { state: Some(state.clone()), ..report_sample::every_outcome() };
    let json = report::json(&written).unwrap();
    assert!(json.contains(r#""found": "unreadable""#), "{json}");
    assert_eq!(report::read(json.as_bytes()).unwrap().state, Some(state));
    let without = report::json(&report_sample::every_outcome()).unwrap();
    assert!(!without.contains("\"state\""), "a run without a state says nothing of one");
}

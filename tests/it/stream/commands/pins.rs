//! `stream pins`: what is printed, and that a source that cannot be read is no source that pins nothing.

use super::sample::{self, RELEASE};
use crate::support::FileFault;
use crate::support::run::Run;

#[tokio::test]
async fn every_pin_is_printed_with_who_pins_it() {
    let list = "s390x 47.83.202102090311-0 # a customer\n* 9.6.20240101-0\n";
    let run = Run::new(["stream", "pins", "--pin-stream", "s.json", "--pin-list", "pins.txt"]);
    let run = run.file("s.json", sample::text(&sample::stream("https://a.example"))).file("pins.txt", list);
    let ran = run.run().await.exits(0);
    let expected = format!(
        "* 9.6.20240101-0 # pins.txt:2\n\
         s390x 47.83.202102090311-0 # pins.txt:1 (a customer)\n\
         s390x {RELEASE} # s.json\n\
         x86_64 {RELEASE} # s.json\n"
    );
    assert_eq!(ran.stdout, expected);
    assert_eq!(ran.stderr, "");
    let again = Run::new(["stream", "pins", "--pin-list", "kept.txt"]).file("kept.txt", expected).run().await;
    let builds = |text: &str| text.lines().map(|line| line.split(" #").next().unwrap().to_owned()).collect();
    let again: Vec<String> = builds(&again.exits(0).stdout);
    assert_eq!(again, builds(&ran.stdout), "what is printed is a list of pins");
}

#[tokio::test]
async fn a_source_that_cannot_be_read_is_refused_and_nothing_is_printed() {
    let server = sample::served().await;
    server.always("/s.json", FileFault::status(500));
    let url = server.url("/s.json").to_string();
    let run = |source: &str| {
        let run =
            Run::new(["stream", "pins", "--pin-list", "pins.txt", "--attempts", "1", "--pin-stream", source]);
        run.file("pins.txt", format!("s390x {RELEASE}\n")).file("odd.json", "{}").run()
    };
    for source in [url.as_str(), "none.json", "odd.json"] {
        let ran = run(source).await.exits(4);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(source), "{ran}");
    }
}

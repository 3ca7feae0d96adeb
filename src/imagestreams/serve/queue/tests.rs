//! The order of turns, one target at a time.

use super::*;
use crate::model::{Desired, ImageRef, Origin, Reference, Version};

fn image(text: &str) -> Endpoint {
    let reference = Reference::parse(text).unwrap();
    let version = reference.digest.map_or_else(|| Version::Tag(reference.tag.unwrap()), Version::Digest);
    Endpoint::Registry(ImageRef::new(reference.repository, version))
}

/// What is wanted of the tag `target`, from the image that `source` stands for.
fn due(target: &str, source: &str) -> Due {
    let digest = Digest::of(source.as_bytes());
    let desired = Desired {
        origin: Origin::ImageStreamTag { stream: "ci/tool".into(), tag: Some(target.into()) },
        owner: None,
        source: image(&format!("r.io/ci/tool@{digest}")),
        target: image(&format!("q.io/o/ci:{target}")),
        guards: Vec::new(),
    };
    Due { wanted: Wanted { desired, istag: None, created: None, level: 0 }, current: None, stale: false }
}

fn name(due: &Due) -> String {
    due.wanted.desired.target.tag().unwrap().to_string()
}

async fn next(queue: &Queue) -> String {
    name(&queue.next().await)
}

fn ended(queue: &Queue, target: &str, turn: Turn) -> Option<Duration> {
    queue.ended(&image(&format!("q.io/o/ci:{target}")), turn)
}

fn shown(queue: &Queue, most: usize) -> Vec<String> {
    queue.oldest(most).iter().map(|queued| name(&queued.due)).collect()
}

fn filled(targets: &[&str]) -> Queue {
    let queue = Queue::default();
    for target in targets {
        queue.put(due(target, "one"));
    }
    queue
}

#[tokio::test]
async fn a_target_is_there_once_with_what_was_asked_for_last() {
    // Row 76.
    let queue = filled(&["a", "b"]);
    queue.put(due("a", "two"));
    assert_eq!(queue.len(), 2);
    let first = queue.next().await;
    assert_eq!(name(&first), "a", "it keeps its place");
    assert_eq!(first.wanted.desired.source, due("a", "two").wanted.desired.source);
}

#[tokio::test]
async fn first_come_first_served_and_shown_until_done() {
    let queue = filled(&["c", "a", "b"]);
    assert_eq!(shown(&queue, 10), ["c", "a", "b"]);
    assert_eq!((shown(&queue, 2), shown(&queue, 0)), (vec!["c".to_owned(), "a".to_owned()], vec![]));
    assert_eq!(next(&queue).await, "c");
    assert_eq!((queue.len(), shown(&queue, 1)), (3, vec!["c".to_owned()]), "it is being copied");
    ended(&queue, "c", Turn::Over);
    assert_eq!((queue.len(), shown(&queue, 1)), (2, vec!["a".to_owned()]));
    assert_eq!((next(&queue).await, next(&queue).await), ("a".to_owned(), "b".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_fails_waits_longer_each_time_and_holds_up_nobody() {
    let queue = filled(&["poison", "a", "b"]);
    let began = Instant::now();
    let mut turns = Vec::new();
    for _ in 0..3 {
        turns.push(next(&queue).await);
        let last = turns.last().unwrap();
        ended(&queue, last, if last == "poison" { Turn::Failed } else { Turn::Over });
    }
    assert_eq!((turns, began.elapsed().as_secs()), (["poison", "a", "b"].map(str::to_owned).to_vec(), 0));
    let mut waits = Vec::new();
    for _ in 0..9 {
        let before = Instant::now();
        assert_eq!(next(&queue).await, "poison");
        waits.push(before.elapsed().as_secs());
        ended(&queue, "poison", Turn::Failed);
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 320, 600, 600, 600]);
}

#[tokio::test(start_paused = true)]
async fn what_failed_queues_behind_those_that_came_meanwhile() {
    let queue = filled(&["poison"]);
    assert_eq!(next(&queue).await, "poison");
    ended(&queue, "poison", Turn::Failed);
    queue.put(due("a", "one"));
    tokio::time::advance(FIRST_WAIT).await;
    assert_eq!((next(&queue).await, next(&queue).await), ("a".to_owned(), "poison".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_image_that_failed_holds_up_no_other_image_of_its_target() {
    let queue = filled(&["a"]);
    assert_eq!(next(&queue).await, "a");
    ended(&queue, "a", Turn::Failed);
    queue.put(due("a", "one"));
    queue.put(due("a", "two"));
    let began = Instant::now();
    let again = queue.next().await;
    assert_eq!(again.wanted.desired.source, due("a", "two").wanted.desired.source);
    assert_eq!((began.elapsed(), queue.len()), (Duration::ZERO, 1));
}

#[tokio::test]
async fn what_is_asked_for_while_it_is_copied_has_a_turn_of_its_own() {
    let queue = filled(&["a"]);
    assert_eq!(next(&queue).await, "a");
    queue.put(due("a", "one"));
    queue.put(due("b", "one"));
    ended(&queue, "a", Turn::Over);
    assert_eq!(queue.len(), 1, "the same once more is no work");
    assert_eq!(next(&queue).await, "b");

    queue.put(due("b", "two"));
    ended(&queue, "b", Turn::Over);
    let again = queue.next().await;
    assert_eq!(again.wanted.desired.source, due("b", "two").wanted.desired.source);
}

#[tokio::test]
async fn what_nobody_wants_any_more_leaves_and_is_not_tried_again() {
    let queue = filled(&["a", "b", "c"]);
    assert_eq!(next(&queue).await, "a");
    for target in ["a", "c"] {
        queue.drop_target(&image(&format!("q.io/o/ci:{target}")));
    }
    assert_eq!(shown(&queue, 10), ["a", "b"], "what is being copied is shown until its end");
    assert_eq!(ended(&queue, "a", Turn::Failed), None);
    assert_eq!(shown(&queue, 10), ["b"]);
    assert_eq!(next(&queue).await, "b");
    ended(&queue, "b", Turn::Failed);
    queue.drop_target(&image("q.io/o/ci:b"));
    assert_eq!(queue.len(), 0, "also what waits");
}

#[tokio::test]
async fn what_is_right_leaves_unless_another_image_is_on_its_way_there() {
    let queue = filled(&["a", "b"]);
    queue.is_right(due("b", "one"));
    assert_eq!(shown(&queue, 10), ["a"]);
    assert_eq!(next(&queue).await, "a");
    queue.is_right(due("a", "two"));
    // Whether it came off or was refused: the target is what it should be only once that was looked at again.
    ended(&queue, "a", Turn::Failed);
    let again = queue.next().await;
    assert_eq!(again.wanted.desired.source, due("a", "two").wanted.desired.source);
    ended(&queue, "a", Turn::Over);
    assert_eq!(queue.len(), 0);
}

#[tokio::test]
async fn what_could_not_be_seen_is_queued_for_what_is_wanted_now_and_only_if_it_was_queued() {
    let queue = filled(&["a"]);
    queue.correct(due("a", "two"));
    queue.correct(due("b", "two"));
    assert_eq!(queue.len(), 1);
    assert_eq!(queue.next().await.wanted.desired.source, due("a", "two").wanted.desired.source);
}

#[tokio::test]
async fn a_target_is_stale_only_as_what_it_was_found_to_be() {
    let queue = Queue::default();
    let (old, other) = (Digest::of(b"old"), Digest::of(b"other"));
    queue.put(Due { current: Some(old.clone()), ..due("a", "one") });
    let (target, stale) = (image("q.io/o/ci:a"), || queue.oldest(1)[0].due.stale);
    queue.is_stale(&target, &other);
    assert!(!stale());
    queue.is_stale(&target, &old);
    assert!(stale());
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_told_of_what_comes() {
    let queue = filled(&[]);
    let put = async {
        tokio::time::advance(Duration::from_secs(3)).await;
        queue.put(due("a", "one"));
        queue.put(due("b", "one"));
    };
    let (one, other, ()) = tokio::join!(next(&queue), next(&queue), put);
    assert_eq!([one, other].iter().collect::<BTreeSet<_>>().len(), 2);
}

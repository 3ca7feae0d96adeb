//! What a token for pushes names beside what is due.

use super::*;

fn repository(name: &str) -> Repository {
    Repository { host: Host::new(HOST), name: name.into() }
}

fn plan(authorizer: &Authorizer, names: &[&str]) {
    for name in names {
        authorizer.plan_write(Role::Target, &repository(name), None);
    }
}

fn mount(to: &str, from: &str) -> Need {
    need(Role::Target, &[(to, Action::Push), (from, Action::Pull)])
}

#[tokio::test(start_paused = true)]
async fn what_is_planned_goes_along_with_the_first_that_is_due_and_is_never_asked_for_by_itself() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    plan(&authorizer, &["t/a", "t/b", "t/c", "t/a"]);
    given(&authorizer, &need(Role::Target, &[("t/a", Action::Pull)]), &fake).await;
    assert!(!fake.has_push());
    let token = given(&authorizer, &push("t/b"), &fake).await;
    assert_eq!(token, "repository:t/a:pull,push|repository:t/b:pull,push|repository:t/c:pull,push");
    for name in ["t/a", "t/c"] {
        given(&authorizer, &push(name), &fake).await;
    }
    given(&authorizer, &mount("t/a", "t/c"), &fake).await;
    assert_eq!(fake.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn where_mounts_are_to_be_expected_the_right_to_pull_is_planned_too() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    let elsewhere = Repository { host: Host::new("else.example"), name: "x".into() };
    authorizer.plan_write(Role::Target, &repository("t/a"), Some(&repository("s/a")));
    authorizer.plan_write(Role::Target, &repository("t/b"), Some(&elsewhere));
    let token = given(&authorizer, &push("t/b"), &fake).await;
    assert_eq!(token, "repository:s/a:pull|repository:t/a:pull,push|repository:t/b:pull,push");
    given(&authorizer, &mount("t/a", "s/a"), &fake).await;
    assert_eq!(fake.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_for_pushes_names_what_the_ones_before_it_named() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    for name in ["t/a", "t/b", "t/c"] {
        given(&authorizer, &push(name), &fake).await;
    }
    assert_eq!(fake.asked().iter().map(|asked| asked.scopes.len()).collect::<Vec<_>>(), [1, 2, 3]);
    for (to, from) in [("t/a", "t/c"), ("t/c", "t/b"), ("t/b", "t/a")] {
        given(&authorizer, &mount(to, from), &fake).await;
    }
    assert_eq!(fake.count(), 3);
    // So one renews them all.
    tokio::time::advance(Duration::from_mins(5)).await;
    for name in ["t/b", "t/a", "t/c"] {
        given(&authorizer, &push(name), &fake).await;
    }
    assert_eq!(fake.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn of_the_tokens_that_are_enough_the_smallest_is_sent() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    given(&authorizer, &push("t/a"), &fake).await;
    assert!(given(&authorizer, &push("t/b"), &fake).await.contains("t/a"));
    assert_eq!(given(&authorizer, &push("t/a"), &fake).await, "repository:t/a:pull,push");
    assert_eq!(fake.count(), 2);
}

/// A token as Distribution's: each scope as JSON in base64, a certificate and a signature.
fn jwt(asked: &Asked) -> serde_json::Value {
    let access: Vec<_> = asked
        .scopes
        .iter()
        .map(|scope| {
            let (name, actions) = scope.strip_prefix("repository:").unwrap().rsplit_once(':').unwrap();
            json!({ "type": "repository", "name": name, "actions": actions.split(',').collect::<Vec<_>>() })
        })
        .collect();
    let claims = json!({ "access": access }).to_string();
    json!({ "token": "x".repeat(1100 + claims.len().div_ceil(3) * 4), "expires_in": 300 })
}

#[tokio::test(start_paused = true)]
async fn tokens_stay_below_what_a_header_may_have_and_name_twenty_at_least() {
    for length in [5, 20, 60, 120] {
        let authorizer = anonymous().await;
        let fake = Fake::new(|asked| (StatusCode::OK, jwt(asked)));
        let names: Vec<String> = (0..200).map(|at| format!("{}/{at:03}", "n".repeat(length))).collect();
        plan(&authorizer, &names.iter().map(String::as_str).collect::<Vec<_>>());
        for name in &names {
            let token = given(&authorizer, &push(name), &fake).await;
            assert!(token.len() < 8000, "{} bytes for {:?}", token.len(), fake.asked().last());
        }
        let asked: Vec<_> = fake.asked().iter().map(|asked| asked.scopes.len()).collect();
        assert!(asked.iter().all(|count| (20..=50).contains(count)), "{asked:?}");
        assert!(asked.len() <= 20, "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_along_harms_nothing_that_is_due() {
    let authorizer = anonymous().await;
    let fake = Fake::denying(&["denied"]);
    plan(&authorizer, &["t/a", "t/denied", "t/b"]);
    assert_eq!(given(&authorizer, &push("t/a"), &fake).await, "repository:t/a:pull,push");
    assert_eq!(fake.count(), 2);
    // From then on there is only what is due, together.
    let (one, other) = (push("t/b"), push("t/c"));
    let both = join_all([&one, &other].map(|need| given(&authorizer, need, &fake))).await;
    assert_eq!(both[0], "repository:t/b:pull,push|repository:t/c:pull,push");
    assert!(authorizer.authorize(&push("t/denied"), &fake).await.is_err());
    assert_eq!(fake.count(), 4);
}

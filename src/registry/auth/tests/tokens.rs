//! Which tokens are fetched, for whom, and how often.

use super::*;

#[tokio::test(start_paused = true)]
async fn many_who_wait_for_one_token_cause_one_request() {
    let authorizer = authorizer(credentials(&json!({ HOST: login("u") })), Credentials::anonymous()).await;
    let fake = Fake::kind();
    let need = pull("a/b");
    let all = join_all((0..100).map(|_| given(&authorizer, &need, &fake))).await;
    assert!(all.iter().all(|token| token == "repository:a/b:pull"), "{all:?}");
    assert_eq!(fake.count(), 1);
    let asked = &fake.asked()[0];
    assert_eq!((asked.user.as_deref(), asked.account.as_deref()), (Some("u"), Some("u")));
    assert_eq!((asked.password.as_deref(), asked.service.as_deref()), (Some("s3cr3t"), Some(HOST)));
    assert_eq!(authorizer.realms(), [(Host::new(HOST), "auth.example".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn announced_repositories_share_tokens_by_twenty() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    let names: Vec<String> = (0..45).map(|at| format!("r/{at:02}")).collect();
    announce(&authorizer, names.iter().cloned());
    announce(&authorizer, names.iter().cloned());
    let needs: Vec<Need> = names.iter().map(|name| pull(name)).collect();
    let all = join_all(needs.iter().map(|need| given(&authorizer, need, &fake))).await;
    assert_eq!(fake.asked().iter().map(|asked| asked.scopes.len()).collect::<Vec<_>>(), [20, 20, 5]);
    assert!(all.iter().zip(&names).all(|(token, name)| token.contains(&format!("{name}:pull"))));
    assert!(!fake.has_push());
    let late = "r/late".to_owned();
    announce(&authorizer, [late.clone()]);
    given(&authorizer, &pull(&late), &fake).await;
    assert_eq!(fake.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn repositories_that_were_not_announced_share_a_token_when_they_are_due_together() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    let needs: Vec<Need> = (0..30).map(|at| pull(&format!("r/{at:02}"))).collect();
    join_all(needs.iter().map(|need| given(&authorizer, need, &fake))).await;
    assert_eq!(fake.asked().iter().map(|asked| asked.scopes.len()).collect::<Vec<_>>(), [20, 10]);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_again_before_it_ends_and_not_earlier() {
    for (answer, life) in [
        (json!({ "access_token": "t", "expires_in": 300 }), 270),
        (json!({ "token": "t" }), 30),
        (json!({ "token": "t", "expires_in": "10" }), 5),
        (json!({ "token": "t", "expires_in": 0, "issued_at": "2001-01-01T00:00:00Z" }), 30),
    ] {
        let fake = Fake::new(move |_| (StatusCode::OK, answer.clone()));
        let authorizer = anonymous().await;
        let need = pull("a");
        given(&authorizer, &need, &fake).await;
        tokio::time::advance(Duration::from_secs(life - 1)).await;
        given(&authorizer, &need, &fake).await;
        assert_eq!(fake.count(), 1);
        tokio::time::advance(Duration::from_secs(2)).await;
        given(&authorizer, &need, &fake).await;
        assert_eq!(fake.count(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_refused_batch_the_refused_repository_fails_alone() {
    let authorizer = authorizer(credentials(&json!({ HOST: login("u") })), Credentials::anonymous()).await;
    let fake = Fake::denying(&["r/03"]);
    let names: Vec<String> = (0..5).map(|at| format!("r/{at:02}")).collect();
    announce(&authorizer, names.iter().cloned());
    let needs: Vec<Need> = names.iter().map(|name| pull(name)).collect();
    let all = join_all(needs.iter().map(|need| authorizer.authorize(need, &fake))).await;
    for (name, result) in names.iter().zip(&all) {
        assert_eq!(result.is_err(), name == "r/03", "{name}");
    }
    let error = all[3].as_ref().unwrap_err();
    assert_eq!(error.class(), Class::Denied);
    let advice = error.advice().unwrap();
    assert!(
        advice.contains("(user `u`)") && advice.contains("`pull` on `registry.example/r/03`"),
        "{advice}"
    );
    assert!(
        error
            .to_string()
            .ends_with("refused `pull` on `registry.example/r/03` with status 403 Forbidden: not yours")
    );
    assert_eq!(fake.count(), 6);
    // The same question by another line is answered from memory; batches are still made.
    assert!(authorizer.authorize(&needs[3], &fake).await.is_err());
    assert_eq!(fake.count(), 6);
    announce(&authorizer, ["s/1".to_owned(), "s/2".to_owned()]);
    given(&authorizer, &pull("s/1"), &fake).await;
    assert_eq!(fake.asked()[6].scopes.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn batches_are_given_up_when_all_of_a_refused_one_are_granted_alone() {
    let authorizer = anonymous().await;
    let fake = Fake::new(|asked| match asked.scopes.len() {
        1 => (StatusCode::OK, token(asked)),
        _ => (StatusCode::BAD_REQUEST, json!({})),
    });
    announce(&authorizer, (0..40).map(|at| format!("r/{at:02}")));
    for at in 0..20 {
        given(&authorizer, &pull(&format!("r/{at:02}")), &fake).await;
    }
    assert_eq!(fake.count(), 21);
    let (one, other) = (push("t/1"), push("t/2"));
    given(&authorizer, &pull("r/20"), &fake).await;
    join_all([&one, &other].map(|need| given(&authorizer, need, &fake))).await;
    assert_eq!(fake.count(), 24);
    assert!(fake.asked()[1..].iter().all(|asked| asked.scopes.len() == 1));
}

#[tokio::test(start_paused = true)]
async fn push_is_asked_for_when_it_is_due_and_together() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    let names: Vec<String> = (0..3).map(|at| format!("t/{at}")).collect();
    for name in &names {
        given(&authorizer, &need(Role::Target, &[(name, Action::Pull)]), &fake).await;
    }
    assert!(!fake.has_push());
    let before = fake.count();
    let needs: Vec<Need> = names.iter().map(|name| push(name)).collect();
    let all = join_all(needs.iter().map(|need| given(&authorizer, need, &fake))).await;
    assert_eq!(fake.count(), before + 1);
    assert!(all.iter().all(|token| token.matches(":pull,push").count() == 3), "{all:?}");
    // What may push may pull.
    given(&authorizer, &need(Role::Target, &[("t/0", Action::Pull), ("t/1", Action::Pull)]), &fake).await;
    assert_eq!(fake.count(), before + 1);
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_a_push_token_is_fetched_is_part_of_the_next() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    let needs: Vec<Need> = (0..25).map(|at| push(&format!("t/{at:02}"))).collect();
    let late = async |need: &Need| {
        tokio::time::sleep(Duration::from_millis(10)).await;
        given(&authorizer, need, &fake).await
    };
    let first = given(&authorizer, &needs[0], &fake);
    let _ = tokio::join!(first, join_all(needs[1..].iter().map(late)));
    assert_eq!(fake.asked().iter().map(|asked| asked.scopes.len()).collect::<Vec<_>>(), [1, 25]);
}

#[tokio::test(start_paused = true)]
async fn a_mount_has_both_repositories_in_one_token() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    given(&authorizer, &push("t/a"), &fake).await;
    let mount = |to: &str, from: &str| need(Role::Target, &[(to, Action::Push), (from, Action::Pull)]);
    let token = given(&authorizer, &mount("t/a", "f/a"), &fake).await;
    assert!(token.contains("repository:t/a:pull,push") && token.contains("repository:f/a:pull"), "{token}");
    given(&authorizer, &mount("t/a", "f/a"), &fake).await;
    given(&authorizer, &mount("f/a", "f/a"), &fake).await;
    assert_eq!(fake.count(), 3);
    // Mounts are likely to go on from the same repositories.
    given(&authorizer, &push("t/b"), &fake).await;
    given(&authorizer, &mount("t/b", "f/a"), &fake).await;
    assert_eq!(fake.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_mount_from_what_may_not_be_pulled_fails_and_the_push_does_not() {
    let authorizer = anonymous().await;
    let fake = Fake::denying(&["secret"]);
    let mount = need(Role::Target, &[("t/a", Action::Push), ("secret", Action::Pull)]);
    assert_eq!(authorizer.authorize(&mount, &fake).await.unwrap_err().class(), Class::Denied);
    let (one, other) = (push("t/a"), push("t/b"));
    let all = join_all([&one, &other].map(|need| given(&authorizer, need, &fake))).await;
    assert!(all.iter().all(|token| token.contains("pull,push")), "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_push_is_kept_out_of_later_batches() {
    let authorizer = anonymous().await;
    let fake = Fake::denying(&["denied"]);
    assert!(authorizer.authorize(&push("denied"), &fake).await.is_err());
    let needs = [push("denied"), push("t/a"), push("t/b")];
    let all = join_all(needs.iter().map(|need| authorizer.authorize(need, &fake))).await;
    assert_eq!(all.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(fake.count(), 2);
    tokio::time::advance(Duration::from_mins(2)).await;
    assert!(authorizer.authorize(&push("denied"), &fake).await.is_err());
    assert_eq!(fake.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_by_those_who_waited_and_later_ones_ask_again() {
    let authorizer = anonymous().await;
    let fake = Fake::new(|_| (StatusCode::BAD_GATEWAY, json!({})));
    let need = pull("a");
    announce(&authorizer, ["c".to_owned(), "d".to_owned()]);
    let announced = pull("c");
    for need in [&need, &announced] {
        let before = fake.count();
        let all = join_all((0..10).map(|_| authorizer.authorize(need, &fake))).await;
        assert!(all.iter().all(|result| result.as_ref().unwrap_err().class() == Class::Transient));
        assert_eq!(fake.count(), before + 1);
        assert!(authorizer.authorize(need, &fake).await.is_err());
        assert_eq!(fake.count(), before + 2);
    }
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_leaves_the_fetch_to_another() {
    let authorizer = anonymous().await;
    let fake = Fake::kind();
    let need = push("a");
    {
        let first = authorizer.authorize(&need, &fake);
        let stopped = tokio::time::timeout(Duration::from_millis(10), first).await;
        assert!(stopped.is_err());
    }
    assert_eq!(given(&authorizer, &need, &fake).await, "repository:a:pull,push");
    assert_eq!(fake.count(), 2);
}

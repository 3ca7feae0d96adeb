//! The grammar, a row a case: what stands, what fails and where, what is warned of.

use std::fmt::Write as _;

use crate::mapping_support::{Tags, outcomes, read_text, row_line, text};
use image_mirror::mapping::{Finding, Input, ReadOptions, read};
use image_mirror::model::Row;

const H: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const G: &str = "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
const NAMES: [(&str, &str); 6] = [
    ("$A", "quay.io/a/b"),
    ("$C", "quay.io/c/d"),
    ("$E", "quay.io/e/f"),
    ("$X", "quay.io/x/y"),
    ("$H", H),
    ("$G", G),
];

/// Writes out `$A` and the like, and `<33a>` as 33 times `a`.
fn spell(text: &str) -> String {
    let mut out = text.to_owned();
    for (short, long) in NAMES {
        out = out.replace(short, long);
    }
    while let Some(start) = out.find('<') {
        let end = start + out[start..].find('>').unwrap();
        let (count, what) = out[start + 1..end].split_at(end - start - 2);
        let run = what.repeat(count.parse().unwrap());
        out.replace_range(start..=end, &run);
    }
    out
}

/// The number of the case, the text of the file, what comes of it: entries, then findings as `severity code line:column`.
type Case = (u32, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    (1, "$A:v1 $C:v1", &["$A:v1 > $C:v1"]),
    (2, "$A:v1=$C:v1", &["$A:v1 > $C:v1"]),
    (3, "$A:v1 $C:v1 $C:v2 $E:latest", &["$A:v1 > $C:v1", "$A:v1 > $C:v2", "$A:v1 > $E:latest"]),
    (4, "$A:v1=$C:v1 $A:v2=$C:v2", &["$A:v1 > $C:v1", "$A:v2 > $C:v2"]),
    (5, "$A:v1=$C:v1 $X:v9", &["error mixed 1:31"]),
    (6, "$A:v1 $C:v1 $A:v2=$C:v2", &["error mixed 1:1"]),
    (7, "=$C:v1", &["error empty-side 1:1"]),
    (8, "$A:v1=", &["error empty-side 1:1"]),
    (9, "$A:v1 = $C:v1", &["error word 1:16"]),
    (10, "$A:v1= $C:v1", &["error mixed 1:17"]),
    (11, "$A:v1=$C:v1=$E:v1", &["error reference 1:26"]),
    (12, "=", &["error word 1:1"]),
    (13, "$A:v1", &["error no-target 1:1"]),
    (14, "$A:v1,$C:v1", &["error no-target 1:1"]),
    (15, "", &["warning empty-file"]),
    (16, "\n   \n\t\n", &["warning empty-file"]),
    (17, "# x\n  # y\n", &["warning empty-file"]),
    (18, "$A:v1 $C:v1 # why", &["$A:v1 > $C:v1"]),
    (19, "$A:v1 $C:v1#why", &["$A:v1 > $C:v1"]),
    (20, "$A:v1 #$C:v1", &["error no-target 1:1"]),
    (21, "$A:v1   $C:v1", &["$A:v1 > $C:v1"]),
    (22, "  $A:v1 $C:v1  ", &["$A:v1 > $C:v1"]),
    (23, "$A:v1\t$C:v1", &["$A:v1 > $C:v1", "warning tab 1:15"]),
    (24, "$A:v1 \t$C:v1", &["$A:v1 > $C:v1", "warning tab 1:16"]),
    (25, "$A:v1\t $C:v1", &["$A:v1 > $C:v1", "warning tab 1:15"]),
    (26, "$A:v1 $C:v1\t", &["$A:v1 > $C:v1"]),
    (27, "$A:v1 $C:v1\r\n$A:v2 $C:v2\r\n", &["$A:v1 > $C:v1", "$A:v2 > $C:v2"]),
    (28, "$A:v1 $C:v1\r$A:v2 $C:v2\r", &["error carriage-return 1:30"]),
    (29, "\u{feff}$A:v1 $C:v1", &["$A:v1 > $C:v1", "warning byte-order-mark 1:1"]),
    (30, "\u{feff}# c\n$A:v1 $C:v1", &["$A:v1 > $C:v1", "warning byte-order-mark 1:1"]),
    (31, "$A:v1\u{a0}$C:v1", &["error character 1:15"]),
    (32, "$A:v1 $C:v1\u{a0}", &["$A:v1 > $C:v1"]),
    (33, "$A:v1 $C:v1\u{200b}", &["error character 1:30"]),
    (34, "\u{c}$A:v1 $C:v1", &["$A:v1 > $C:v1"]),
    (35, "$A:v1 $C:v1\n$A:v2 $C:v2", &["$A:v1 > $C:v1", "$A:v2 > $C:v2"]),
    (36, "$A:v1 $C", &["$A:v1 > $C:v1"]),
    (37, "$A@$H $C:v1", &["$A@$H > $C:v1"]),
    (38, "$A@$H $C", &["$A@$H > $C@$H", "warning digest-only 1:85"]),
    (39, "$A@$H $C\n$A@$G $C", &["$A@$H > $C@$H", "$A@$G > $C@$G", "warning digest-only 1:85", "warning digest-only 2:85"]),
    (40, "$A:v1@$H $C", &["$A@$H > $C:v1"]),
    (41, "$A:v1@$H $C:v2", &["$A@$H > $C:v2"]),
    (42, "$A:v1 $C@$H", &["error target-digest 1:27"]),
    (43, "$A:v1 $C:v1@$H", &["error target-digest 1:30"]),
    (44, "$A@sha256:abcdef $C:v1", &["error digest 1:13"]),
    (45, "$A@sha256:<33a> $C:v1", &["error digest 1:13"]),
    (46, "$A@foo:<32a> $C:v1", &["error digest 1:13"]),
    (47, "$A@sha512:<128a> $C:v1", &["$A@sha512:<128a> > $C:v1"]),
    (48, "$A@sha256:<64A> $C:v1", &["error digest 1:13"]),
    (49, "$A:v1 $C:v1 $C:v1", &["$A:v1 > $C:v1", "warning duplicate 1:31"]),
    (50, "$A:v1 $C:v1\n$A:v1 $C:v1", &["$A:v1 > $C:v1", "warning duplicate 2:16"]),
    (51, "$A:v1 $C:v1\n$X:v1 $C:v1", &["error conflict 1:16", "error conflict 2:16"]),
    (52, "$A:v1 $C\n$X:v2 $C:v1", &["error conflict 1:16", "error conflict 2:16"]),
    (53, "$A:v1 $C:v1\n$X:v1 QUAY.io/c/d:v1", &["error conflict 1:16", "error conflict 2:16"]),
    (54, "$A:v1 docker.io/c/d:v1\n$X:v1 c/d:v1", &["error conflict 1:16", "warning host-less-target 2:16", "error conflict 2:16"]),
    (55, "$A:v1 $C:v1\n$A:v1 quay.io:443/c/d:v1", &["$A:v1 > $C:v1", "warning duplicate 2:16"]),
    (56, "$A:v1 $A:v1", &["error self-copy 1:16"]),
    (57, "$A:v1 $A", &["error self-copy 1:16"]),
    (58, "docker.io/library/foo:latest foo:latest", &["error host-less-target 1:30"]),
    (59, "$A:v1 $A:v2", &["$A:v1 > $A:v2"]),
    (60, "$A@$H $A:v2", &["$A@$H > $A:v2"]),
    (61, "$A:* $C", &["$A:latest > $C:latest", "$A:mysql-5.7 > $C:mysql-5.7", "$A:v1.0 > $C:v1.0", "$A:v1.1 > $C:v1.1"]),
    (62, "$A:v1* $C", &["$A:v1.0 > $C:v1.0", "$A:v1.1 > $C:v1.1"]),
    (63, "$A:v*0 $C", &["$A:v1.0 > $C:v1.0"]),
    (64, "$A:*.1 $C", &["$A:v1.1 > $C:v1.1"]),
    (65, "$A:*1*0* $C", &["$A:v1.0 > $C:v1.0"]),
    (66, "$A:** $C", &["$A:latest > $C:latest", "$A:mysql-5.7 > $C:mysql-5.7", "$A:v1.0 > $C:v1.0", "$A:v1.1 > $C:v1.1"]),
    (67, "$A:v* $C:v1", &["error wildcard-tagged-target 1:16"]),
    (68, "$A:mysql* $C:v1", &["error wildcard-tagged-target 1:20"]),
    (69, "$A:zzz* $C", &["warning matched-nothing 1:18"]),
    (70, "$A:zzz* $C:v1", &["error wildcard-tagged-target 1:18"]),
    (71, "$A:v* $C $E", &["$A:v1.0 > $C:v1.0", "$A:v1.0 > $E:v1.0", "$A:v1.1 > $C:v1.1", "$A:v1.1 > $E:v1.1"]),
    (72, "$A:v1.? $C", &["error tag 1:13"]),
    (73, "$A:v1.[01] $C", &["error tag 1:13"]),
    (74, "$A:v1 $C:*", &["error wildcard-target 1:28"]),
    (75, "quay.io/a/*:v1 $C:v1", &["error wildcard-place 1:11"]),
    (76, "$A@sha256:ab* $C:v1", &["error wildcard-place 1:22"]),
    (77, "localhost:50* $C", &["error no-repository 1:1"]),
    (78, "$A:v* $A", &["error self-copy 1:16"]),
    (79, "$A:v1.* $C\n$X:v* $C", &["error conflict 1:18", "error conflict 2:16", "error conflict 1:18", "error conflict 2:16"]),
    (80, "$A $C", &["error untagged-source 1:1"]),
    (81, "$A $C:master", &["error untagged-source 1:1"]),
    (83, "docker://$A:v1 $C:v1", &["$A:v1 > $C:v1", "warning docker-scheme 1:1"]),
    (84, "$A:v1 docker://$C:v1", &["$A:v1 > $C:v1", "warning docker-scheme 1:16"]),
    (85, "https://$A:v1 $C:v1", &["error scheme 1:1"]),
    (86, "oci://$A:v1 $C:v1", &["error scheme 1:1"]),
    (87, "$A:v1 file://myrepo/b:v1", &["error scheme 1:16"]),
    (88, "$A:v1 file:///myrepo/b:v1", &["error scheme 1:16"]),
    (89, "$A:v1 file:////myrepo/b:v1", &["error scheme 1:16"]),
    (90, "$A:v1 FILE://myrepo/b:v1", &["error scheme 1:16"]),
    (91, "file://myrepo/b:v1 $C:v1", &["error scheme 1:1"]),
    (92, "$A:v1 file://./myrepo/b:v1", &["error scheme 1:16"]),
    (93, "$A:v1 s3://s3.amazonaws.com/us-east-1/bucket/image", &["error scheme 1:16"]),
    (94, "localhost:5000/a/b:v1 registry.example.com:8443/c/d:v1", &["localhost:5000/a/b:v1 > registry.example.com:8443/c/d:v1"]),
    (95, "localhost:5000/b:v1 reg:5000/d:v1", &["localhost:5000/b:v1 > reg:5000/d:v1"]),
    (96, "localhost:5000/b $C", &["error untagged-source 1:1"]),
    (97, "registry:5000 $C", &["error host-less-source 1:1"]),
    (98, "myhost/a:v1 $C:v1", &["docker.io/myhost/a:v1 > $C:v1", "warning host-less-source 1:1"]),
    (99, "busybox:1 $C:v1", &["docker.io/library/busybox:1 > $C:v1", "warning host-less-source 1:1"]),
    (100, "$A:v1 busybox", &["error host-less-target 1:16"]),
    (101, "$A:v1 quay.io", &["error no-repository 1:16"]),
    (102, "$A:v1 quay.io:v1", &["error no-repository 1:16"]),
    (103, "quay.io $C", &["error no-repository 1:1"]),
    (104, "localhostfoo:v1 $C:v1", &["error no-repository 1:1"]),
    (105, "quay.io/a/ $C:v1", &["error repository 1:1"]),
    (106, "/a/b:v1 $C:v1", &["error repository 1:1"]),
    (107, "quay.io//a/b:v1 $C:v1", &["error repository 1:1"]),
    (108, "quay.io/A/b:v1 $C:v1", &["error repository-case 1:9"]),
    (109, "QUAY.IO/a/b:v1 $C:v1", &["$A:v1 > $C:v1"]),
    (110, "Foo/b:v1 $C:v1", &["error repository-case 1:1"]),
    (111, "$A:V1-RC.1_x $C", &["$A:V1-RC.1_x > $C:V1-RC.1_x"]),
    (112, "$A::v1 $C:v1", &["error tag 1:13"]),
    (113, "$A:v1 $C::v1", &["error tag 1:28"]),
    (114, "$A: $C:v1", &["error tag 1:1"]),
    (115, "$A:-v1 $C:v1", &["error tag 1:13"]),
    (116, "$A:.v1 $C:v1", &["error tag 1:13"]),
    (117, "$A:_v1 $C", &["$A:_v1 > $C:_v1"]),
    (118, "$A:v1+x $C:v1", &["error tag 1:13"]),
    (119, "$A:<128t> $C", &["$A:<128t> > $C:<128t>"]),
    (120, "$A:<129t> $C", &["error tag 1:13"]),
    (121, "quay.io/repository/a/b/c:v1 quay.io/c/d/e/f/g:v1", &["quay.io/repository/a/b/c:v1 > $C/e/f/g:v1", "warning web-address 1:1"]),
    (122, "quay.io/a__b/c.d-e--f_g:v1 $C:v1", &["quay.io/a__b/c.d-e--f_g:v1 > $C:v1"]),
    (123, "quay.io/a/b___c:v1 $C:v1", &["error repository 1:11"]),
    (124, "quay.io/a/b..c:v1 $C:v1", &["error repository 1:11"]),
    (125, "quay.io/a/-b:v1 $C:v1", &["error repository 1:11"]),
    (126, "my_reg.io/a/b:v1 $C:v1", &["error host 1:1"]),
    (127, "127.0.0.1:5000/a/b:v1 $C:v1", &["127.0.0.1:5000/a/b:v1 > $C:v1"]),
    (128, "[::1]:5000/a/b:v1 $C:v1", &["error host 1:1"]),
    (129, "host:abc/a/b:v1 $C:v1", &["error host 1:1"]),
    (130, "q.io/<250a>:v1 $C:v1", &["q.io/<250a>:v1 > $C:v1"]),
    (131, "q.io/<251a>:v1 $C:v1", &["error repository-length 1:1"]),
    (132, "\"$A:v1\" $C:v1", &["error reference 1:14"]),
    (133, "$A:${TAG} $C:v1", &["error reference 1:13"]),
    (134, "$A:v1 -> $C:v1", &["error word 1:16"]),
    (135, "user:pw@$A:v1 $C:v1", &["error login 1:1"]),
    (138, "# c\n\n$A:v1 $C:v1\nbad::x quay.io/z/z:1\n", &["$A:v1 > $C:v1", "error tag 4:5"]),
    (139, "$A::1 $C:v1\n$A:v1 $C::1", &["error tag 1:13", "error tag 2:28"]),
    (140, "$A:v1\0 $C:v1", &["error character 1:15"]),
];

#[tokio::test]
async fn every_case_of_the_grammar_comes_out_as_written_here() {
    let mut wrong = String::new();
    for (number, input, expected) in CASES {
        let tags = Tags::default().with("*", &["v1.0", "v1.1", "latest", "mysql-5.7"]);
        let found = outcomes(read_text(spell(input)), tags).await.lines();
        let expected: Vec<String> = expected.iter().map(|line| spell_expected(line)).collect();
        if found != expected {
            let mut short = format!("{found:?}");
            for (name, long) in NAMES {
                short = short.replace(long, name);
            }
            let _ = writeln!(wrong, "    ({number}, {input:?}, &{short}),");
        }
    }
    assert!(wrong.is_empty(), "these came out differently:\n{wrong}");
}

fn spell_expected(line: &str) -> String {
    match line.split_once(" > ") {
        Some((source, target)) => format!("{} > {}", spell(source), spell(target)),
        None => line.to_owned(),
    }
}

#[tokio::test]
async fn an_untagged_source_is_an_error_even_where_the_repository_has_one_tag() {
    let found =
        outcomes(read_text("quay.io/a/b quay.io/c/d:master"), Tags::default().with("*", &["latest"])).await;
    assert_eq!(found.lines(), ["error untagged-source 1:1"]);
    assert!(found.findings[0].hint.as_ref().unwrap().contains("`:*`"));
}

#[tokio::test]
async fn a_line_may_have_65535_bytes_and_no_more() {
    let line = |length: usize| format!("{:<width$}quay.io/c/d:v1", "quay.io/a/b:v1", width = length - 14);
    assert_eq!(line(65_535).len(), 65_535);
    let longest = outcomes(read_text(line(65_535)), Tags::default()).await;
    assert_eq!(longest.lines(), ["quay.io/a/b:v1 > quay.io/c/d:v1"]);
    let text = format!("{}\nquay.io/a/b:v2 quay.io/c/d:v2\n", line(65_536));
    let too_long = outcomes(read_text(text), Tags::default()).await;
    assert_eq!(too_long.lines(), ["quay.io/a/b:v2 > quay.io/c/d:v2", "error line-length 1:1"]);
    assert_eq!(too_long.rows.len(), 1, "only the long line fails");
    assert!(
        too_long.findings[0].span.as_ref().unwrap().text.len() < 2_000,
        "a finding shows no endless line"
    );
}

#[tokio::test]
async fn bytes_that_are_no_text_spoil_their_line_only_and_are_free_in_comments() {
    let found = outcomes(
        read_text(b"quay.io/a/b:v1 quay.io/c/d:v1\xff\nquay.io/a/b:v2 quay.io/c/d:v2 # \xff\0\n"),
        Tags::default(),
    )
    .await;
    assert_eq!(found.lines(), ["quay.io/a/b:v2 > quay.io/c/d:v2", "error utf-8 1:30"]);
}

#[tokio::test]
async fn the_same_line_in_two_files_is_one_entry_and_two_sources_across_files_conflict() {
    let options = ReadOptions::default();
    let inputs = |other: &str| [text("m1", "quay.io/a/b:v1 quay.io/c/d:v1"), text("m2", other)];
    let same = read(&inputs("quay.io/a/b:v1 quay.io/c/d:v1"), &options).unwrap();
    let same = outcomes(same, Tags::default()).await;
    assert_eq!(same.lines(), ["quay.io/a/b:v1 > quay.io/c/d:v1", "warning duplicate 1:16"]);
    assert_eq!((&*same.findings[0].file, same.rows.len()), ("m2", 0));

    let two =
        read(&inputs("quay.io/x/y:v1 quay.io/c/d:v1\nquay.io/x/y:v1 quay.io/e/f:v1"), &options).unwrap();
    let two = outcomes(two, Tags::default()).await;
    assert_eq!(two.entries, ["quay.io/x/y:v1 > quay.io/e/f:v1"], "the other line goes on");
    assert_eq!(
        two.row_lines(),
        [
            "m1:1 quay.io/a/b:v1 > quay.io/c/d:v1: failed read invalid",
            "m2:1 quay.io/x/y:v1 > quay.io/c/d:v1: failed read invalid"
        ]
    );
    assert!(two.findings[0].message.contains("m2:1") && two.findings[1].message.contains("m1:1"));
}

#[test]
fn every_word_that_stands_for_nothing_is_named() {
    let words: Vec<Input> = ["/nowhere/mapping_a", "/nowhere/mapping_b*", "-x["].map(Input::from).into();
    let error = read(&words, &ReadOptions::default()).unwrap_err();
    let text = error.to_string();
    assert_eq!(error.words.len(), 3, "{text}");
    assert!(
        text.contains("/nowhere/mapping_a") && text.contains("no mapping file matches `/nowhere/mapping_b*`")
    );
}

#[test]
fn a_bad_target_is_a_row_and_a_bad_source_is_one_row_for_its_line() {
    let set = read_text(
        "quay.io/a/b:v1 quay.io/c/d:v1 quay.io/C/d:v1 quay.io/e/f::\nquay.io/A/b:v1 quay.io/c/d:v2 quay.io/e/F\n",
    );
    let rows: Vec<String> = set.rows().iter().map(row_line).collect();
    assert_eq!(
        rows,
        [
            "m:1 quay.io/a/b:v1 > quay.io/C/d:v1: failed read invalid",
            "m:1 quay.io/a/b:v1 > quay.io/e/f::: failed read invalid",
            "m:2 quay.io/A/b:v1 > quay.io/c/d:v2 quay.io/e/F: failed read invalid",
        ]
    );
    assert_eq!(set.entries().len(), 1);
    let errors = set.findings().iter().filter(|finding| finding.is_error()).count();
    assert_eq!(errors, 4, "every error of a line is shown, also beside one that fails the line");
}

#[test]
fn a_login_is_shown_nowhere() {
    let secrets = ["s3cret", "s=cret", "s/cret", "s@cret", "s#cret", "s://cret"];
    for secret in secrets {
        let lines = [
            format!("user:{secret}@quay.io/a/b:v1 quay.io/c/d:v1"),
            format!("quay.io/a/b:v1 https://user:{secret}@quay.io/c/d:v1"),
            format!("quay.io/a/b:v1=user:{secret}@quay.io/c/d:v1"),
        ];
        for line in lines {
            let set = read_text(&line);
            assert!(set.has_errors() && set.entries().is_empty(), "{line}");
            let shown = format!(
                "{:?} {:?} {}",
                set.findings(),
                set.rows(),
                image_mirror::mapping::render(set.findings())
            );
            let half = &secret[secret.len() - 4..];
            assert!(!shown.contains(secret) && !shown.contains(half), "{line}: {shown}");
        }
    }
}

#[test]
fn strict_refuses_a_target_without_a_host() {
    let line = || [text("m", "quay.io/a/b:v1 c/d:v1")];
    let kind: Vec<Row> = read(&line(), &ReadOptions { strict: false }).unwrap().rows().to_vec();
    assert!(kind.is_empty());
    let strict = read(&line(), &ReadOptions { strict: true }).unwrap();
    assert_eq!(strict.findings().iter().map(|f| f.code).collect::<Vec<_>>(), ["host-less-target"]);
    assert_eq!(strict.rows().len(), 1);
}

#[tokio::test]
async fn layouts_are_read_on_either_end() {
    let cases: [(&str, &[&str]); 9] = [
        ("oci:./demo:v1 quay.io/c/d", &["oci:demo:v1 > quay.io/c/d:v1"]),
        ("oci:demo/x/ quay.io/c/d:v1", &["oci:demo/x > quay.io/c/d:v1"]),
        ("oci:/tmp/a:5000/x:v2 quay.io/c/d", &["oci:/tmp/a:5000/x:v2 > quay.io/c/d:v2"]),
        ("quay.io/a/b:v1 oci:out/dir", &["quay.io/a/b:v1 > oci:out/dir:v1"]),
        ("oci:5000/a:v1 quay.io/c/d", &["oci:5000/a:v1 > quay.io/c/d:v1"]),
        ("oci:demo/x quay.io/c/d", &["error untagged-target 1:12"]),
        ("quay.io/a/b:v1 oci:out", &["error ambiguous-layout 1:16"]),
        ("oci:demo/x:* quay.io/c/d", &["error layout 1:12"]),
        ("oci:a/b:v1 oci:./a/b", &["error self-copy 1:12"]),
    ];
    for (line, expected) in cases {
        assert_eq!(outcomes(read_text(line), Tags::default()).await.lines(), expected, "{line}");
    }
}

#[test]
fn a_finding_is_json_as_the_contract_says() {
    let set = read_text("ä\nquay.io/a/b:v1 quay.io/ä/C:v1");
    let json: Vec<serde_json::Value> =
        set.findings().iter().map(|finding: &Finding| serde_json::to_value(finding).unwrap()).collect();
    assert_eq!(json[1]["severity"], "error");
    assert_eq!(
        (&json[1]["file"], &json[1]["line"], &json[1]["column"]),
        (&"m".into(), &2.into(), &24.into())
    );
    assert!(json.iter().all(|finding| finding.get("text").is_none()), "{json:?}");
}

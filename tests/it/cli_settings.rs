//! What was typed and what the environment says, as settings.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use image_mirror::cli::args::{Args, LogFormat};
use image_mirror::cli::settings::{Action, Environment, Run, Settings, UsageError, Verbosity};

fn settings(line: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<UsageError>> {
    let words = shell_words::split(line).unwrap();
    let args = Args::read(words.into_iter().map(OsString::from)).unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Settings::new(args, &Environment::read(variables))
}

fn run(line: &str, variables: &[(&str, &str)]) -> Run {
    let Action::Run(run) = settings(line, variables).unwrap().action else { panic!("not a run: {line}") };
    *run
}

fn mistakes(line: &str, variables: &[(&str, &str)]) -> Vec<String> {
    settings(line, variables).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn the_command_line_of_the_plain_jobs_is_understood() {
    let line =
        "image-mirror run --keep-manifest-list -f=/etc/imagemirror/mapping_knative_v1 --skip-multiple-scopes";
    let asked = run(line, &[]);
    assert_eq!(asked.inputs, ["/etc/imagemirror/mapping_knative_v1"]);
    assert!(asked.copying.filter_by_os.is_none());
    assert!(!asked.dry_run);
    let notes = settings(line, &[]).unwrap().notes;
    assert_eq!(notes.len(), 1, "one note for all flags that need nothing: {notes:?}");
    assert!(notes[0].contains("`--keep-manifest-list`, `--skip-multiple-scopes`"), "{notes:?}");
}

#[test]
fn the_command_line_of_the_openshift_job_is_understood() {
    let line = "image-mirror run --keep-manifest-list -a /tmp/config.json -f=mapping_origin_4_12 \
                --skip-multiple-scopes --continue-on-error --max-per-registry=3";
    let asked = run(line, &[]);
    assert_eq!(asked.inputs, ["mapping_origin_4_12"]);
    assert_eq!(asked.connection.authfile.unwrap().to_str(), Some("/tmp/config.json"));
    assert_eq!(asked.connection.max_per_registry.unwrap().get(), 3);
}

#[test]
fn files_come_repeated_and_by_comma_as_oc_takes_them() {
    let asked = run("image-mirror run d -f a,b --filename=c -f=-", &[("MAPPINGS", "elsewhere")]);
    assert_eq!(asked.inputs, ["d", "a", "b", "c", "-"]);
    assert_eq!(run("image-mirror run", &[("MAPPINGS", "x, y")]).inputs, ["x", "y"]);
    assert_eq!(run("image-mirror run", &[("MAPPINGS", "")]).inputs, ["mappings/"]);
}

#[test]
fn flags_of_oc_that_are_true_or_false_take_both_forms() {
    let asked = run("image-mirror run --skip-missing --force=true --skip-mount=false m", &[]);
    assert!(asked.copying.skip_missing && asked.copying.force && asked.copying.verify_content);
    assert!(!asked.copying.skip_mount);
    assert_eq!(asked.inputs, ["m"], "`m` must not be taken for the value of a flag");
}

#[test]
fn a_filter_that_keeps_all_is_no_filter() {
    for all in ["--filter-by-os=.*", "--filter-by-os=", "--filter-by-os=amd64 --keep-manifest-list", ""] {
        let asked = run(&format!("image-mirror run {all} m"), &[]);
        assert!(asked.copying.filter_by_os.is_none(), "{all}");
    }
    let asked = run("image-mirror run --filter-by-os linux/amd64 m", &[]);
    assert!(asked.copying.filter_by_os.unwrap().is_match("linux/amd64"));
}

#[test]
fn a_flag_of_oc_that_cannot_be_honoured_names_what_replaces_it() {
    let line =
        "image-mirror run --insecure --skip-verification=true --s3-source-bucket=b --dir d --from-dir d m";
    insta::assert_snapshot!(mistakes(line, &[]).join("\n"));
    assert!(settings("image-mirror run --insecure=false --skip-verification=0 m", &[]).is_ok());
}

#[test]
fn a_pair_on_the_command_line_is_told_where_it_belongs() {
    let said = mistakes("image-mirror run user:pw@quay.io/a/b:v1=quay.io/c/d:v1", &[]);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("belongs into a file") && said[0].contains("quay.io/c/d:v1"), "{said:?}");
    assert!(!said[0].contains("pw"), "a password was echoed: {said:?}");
}

#[test]
fn a_flag_wins_over_its_variable_and_a_variable_over_the_default() {
    let variables = [
        ("DRY_RUN", "1"),
        ("ARTIFACTS", "/logs/artifacts"),
        ("REGISTRY_AUTH_FILE", "/auth.json"),
        ("IMAGE_MIRROR_JOBS", "7"),
        ("IMAGE_MIRROR_DEADLINE", "3h30m"),
        ("IMAGE_MIRROR_PLAIN_HTTP", "localhost:5000,registry.example.com"),
        ("IMAGE_MIRROR_QUAY", "quay.example.com"),
        ("IMAGE_MIRROR_LOG_FORMAT", "json"),
        ("IMAGE_MIRROR_QUIET", "1"),
    ];
    let asked = run("image-mirror run m", &variables);
    assert!(asked.dry_run);
    assert_eq!(asked.pace.artifacts.unwrap().to_str(), Some("/logs/artifacts"));
    assert_eq!(asked.connection.authfile.unwrap().to_str(), Some("/auth.json"));
    assert_eq!(asked.pace.jobs.get(), 7);
    assert_eq!(asked.pace.deadline, Some(Duration::from_mins(210)));
    assert_eq!(asked.pace.grace, Duration::from_secs(25));
    assert_eq!(asked.connection.plain_http.len(), 2);
    assert_eq!(asked.connection.quay[0].as_str(), "quay.example.com");
    let said = settings("image-mirror run m", &variables).unwrap().console;
    assert_eq!((said.log_format, said.verbosity), (LogFormat::Json, Verbosity::Warnings));

    let line =
        "image-mirror run --dry-run=false --jobs 2 -a /b --plain-http localhost:5001 -v --log-format text m";
    let asked = run(line, &variables);
    assert!(!asked.dry_run);
    assert_eq!(asked.pace.jobs.get(), 2);
    assert_eq!(asked.connection.authfile.unwrap().to_str(), Some("/b"));
    assert_eq!(asked.connection.plain_http[0].as_str(), "localhost:5001");
    assert_eq!(asked.connection.plain_http.len(), 1);
    assert_eq!(settings(line, &variables).unwrap().console.verbosity, Verbosity::Debug);
}

#[test]
fn every_bad_variable_is_named_with_what_it_takes() {
    let variables = [
        ("DRY_RUN", "yes"),
        ("IMAGE_MIRROR_JOBS", "0"),
        ("IMAGE_MIRROR_DEADLINE", "3"),
        ("IMAGE_MIRROR_PROGRESS", "loud"),
        ("IMAGE_MIRROR_TLS", "https://quay.io"),
        ("IMAGE_MIRROR_FILTER_BY_OS", "linux/("),
        ("IMAGE_MIRROR_GRACE", "10s"),
    ];
    insta::assert_snapshot!(mistakes("image-mirror run m", &variables).join("\n"));
    assert!(
        settings("image-mirror configmap m", &variables[..3]).is_ok(),
        "configmap takes none of these flags"
    );
}

#[test]
fn a_variable_that_looks_like_ours_and_is_not_is_told() {
    let variables =
        [("IMAGE_MIRROR_DEADLIEN", "3h"), ("IMAGE_MIRROR_PORT", "tcp://10.0.0.1:80"), ("PATH", "/bin")];
    let notes = settings("image-mirror run m", &variables).unwrap().notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("`IMAGE_MIRROR_DEADLIEN`"), "{notes:?}");
}

#[test]
fn variables_that_are_no_text_harm_only_the_flag_they_stand_for() {
    let broken = || OsString::from_vec(vec![0xff, 0xfe]);
    let args = || Args::read(["image-mirror", "run", "m"].map(OsString::from)).unwrap();
    let foreign = [("SOMETHING".into(), broken()), (broken(), "x".into()), ("HOME".into(), broken())];
    assert!(Settings::new(args(), &Environment::read(foreign)).is_ok());
    let ours = [("IMAGE_MIRROR_JOBS".into(), broken())];
    let errors = Settings::new(args(), &Environment::read(ours)).unwrap_err();
    assert_eq!(errors, [UsageError::Unreadable { name: "IMAGE_MIRROR_JOBS".into() }]);
}

/// Flags that take any text at all …
const ANY_TEXT: [&str; 34] = [
    "since",
    "filename",
    "name",
    "namespace",
    "s3-source-bucket",
    "dir",
    "from-dir",
    "context",
    "images",
    "exclude-arches",
    "data-path",
    "data-gitref",
    "build-url",
    "src",
    "stream-key",
    "arch",
    "artifact",
    "format",
    "kind",
    "prefix-layout",
    "changed-since",
    "publish-stream",
    "root",
    "dest",
    "pin-stream",
    "pin-list",
    "push-command",
    "invalidate-command",
    "origins",
    "from-origins",
    "dest-stream",
    "state",
    "source-tag",
    "sha256",
];
/// … and the ends of those that take any path.
const ANY_PATH: [&str; 11] = [
    "file",
    "cert",
    "key",
    "artifacts",
    "jobs-dir",
    "imagestream-dir",
    "policy",
    "config",
    "help",
    "metadata",
    "state-dir",
];
/// A command line for each command, which takes all that it needs.
const COMMANDS: [&str; 18] = [
    "run m",
    "plan m",
    "lint m",
    "auth check m",
    "prune-tags q.io/a --scheme=backup --older-than=1day",
    "imagestreams --from-file x --all-namespaces --target-repository q.io/a",
    "serve --all-namespaces --target-repository q.io/a",
    "nightly",
    "version",
    "stream mirror --src s --dest d",
    "stream rewrite --src s --url https://m.example --dest-stream -",
    "stream validate --src s",
    "stream resolve --src s",
    "stream prune --dest d --pin-list p",
    "publish image --config c --metadata m --state-dir d -p x -t 1.0.0-rel -r 1.0.0",
    "publish run --config c --metadata m --state-dir d",
    "publish rollback --config c --metadata m --state-dir d -p x -r 1.0.0 --to 1",
    "publish preflight install --version 1.14.1 --sha256 a --to p",
];

#[test]
fn every_flag_can_be_set_by_a_variable() {
    // A group that does not know the flag ignores the variable; one that does takes offence at this value.
    let takes_anything = |flag: &str| {
        ANY_TEXT.contains(&flag) || ANY_PATH.iter().any(|end| flag.ends_with(end)) || flag == "version"
    };
    for flag in Args::flags().filter(|flag| !takes_anything(flag)) {
        let name = match flag.as_str() {
            "dry-run" => "DRY_RUN".to_owned(),
            flag => format!("IMAGE_MIRROR_{}", flag.replace('-', "_").to_uppercase()),
        };
        let is_refused =
            |command: &str| settings(&format!("image-mirror {command}"), &[(&name, "((")]).is_err();
        assert!(
            COMMANDS.iter().any(|command| is_refused(command)),
            "no command reads `{name}` for `--{flag}`"
        );
    }
}

#[test]
fn two_variables_for_one_flag_may_say_the_same_and_nothing_else() {
    let same = [("DRY_RUN", "true"), ("IMAGE_MIRROR_DRY_RUN", "true"), ("IMAGE_MIRROR_JOBS", "7")];
    let asked = run("image-mirror run m", &same);
    assert!(asked.dry_run && asked.pace.jobs.get() == 7, "neither is lost");
    let differ = [("DRY_RUN", "true"), ("IMAGE_MIRROR_DRY_RUN", "false"), ("IMAGE_MIRROR_JOBS", "7")];
    let said = mistakes("image-mirror run m", &differ);
    let expected = "the variables `DRY_RUN` and `IMAGE_MIRROR_DRY_RUN` stand for one flag and say different things: unset one";
    assert_eq!(said, [expected]);
    assert!(settings("image-mirror configmap m", &differ).is_ok(), "configmap has no such flag");
}

#[test]
fn serve_has_no_dry_run_and_says_what_has() {
    let serve = "image-mirror serve --all-namespaces --target-repository q.io/a";
    let dry = ["image-mirror serve --dry-run --all-namespaces --target-repository q.io/a", serve];
    for (line, variables) in dry.into_iter().zip([&[][..], &[("DRY_RUN", "1")]]) {
        let said = mistakes(line, variables);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("`--dry-run` is not supported: serve writes;"), "{said:?}");
    }
    assert!(settings(serve, &[("DRY_RUN", "0")]).is_ok());
    for flag in ["--verify-content", "--force", "--skip-mount", "--referrers"] {
        let words = format!("{serve} {flag}");
        assert!(
            Args::read(words.split(' ').map(OsString::from)).is_err(),
            "{flag} is taken and does nothing"
        );
    }
}

#[test]
fn a_key_without_its_certificate_is_a_mistake() {
    let said = settings("image-mirror run --client-key k.pem m", &[]).unwrap_err();
    assert_eq!(said, [UsageError::KeyWithoutCertificate]);
}

#[test]
fn colour_is_off_where_no_color_is_set_unless_asked_for() {
    use image_mirror::cli::args::ColorChoice;
    let color = |line| settings(line, &[("NO_COLOR", "1")]).unwrap().console.color;
    assert_eq!(color("image-mirror run m"), ColorChoice::Never);
    assert_eq!(color("image-mirror run --color always m"), ColorChoice::Always);
}

#[test]
fn a_shard_is_what_is_typed_else_a_variable_else_the_pod_of_an_indexed_job() {
    let shard = |line: &str, variables: &[(&str, &str)]| {
        run(line, variables).shard.map(|shard| shard.to_string()).unwrap_or_default()
    };
    let job = [("JOB_COMPLETION_INDEX", "2"), ("JOB_COMPLETIONS", "4")];
    assert_eq!(shard("image-mirror run m", &[]), "");
    assert_eq!(shard("image-mirror run m", &job), "2/4");
    assert_eq!(shard("image-mirror plan m", &[job[0], job[1], ("IMAGE_MIRROR_SHARD", "0/3")]), "0/3");
    assert_eq!(shard("image-mirror run --shard 1/2 m", &job), "1/2");
    assert_eq!(
        shard("image-mirror run --shard 1/2 m", &job[..1]),
        "1/2",
        "the flag says all there is to say"
    );
    assert_eq!(shard("image-mirror run m", &job[1..]), "", "not an Indexed Job");
}

#[test]
fn an_index_that_makes_no_shard_is_a_mistake_and_says_what_to_do() {
    let said = mistakes("image-mirror run m", &[("JOB_COMPLETION_INDEX", "0")]);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("`JOB_COMPLETIONS`") && said[0].contains("`--shard I/N`"), "{said:?}");
    let said = mistakes("image-mirror run m", &[("JOB_COMPLETION_INDEX", "4"), ("JOB_COMPLETIONS", "4")]);
    assert!(said[0].contains("the last of 4 is `3/4`"), "{said:?}");
    assert!(settings("image-mirror lint m", &[("JOB_COMPLETION_INDEX", "0")]).is_ok(), "lint has no shards");
}

//! The images that the jobs name, and whether every program that a job starts is in its image.
//!
//! What the image has is read from `Containerfile`, what a job needs from its command line.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, PodSpec};

use super::jobs::words;
use super::manifests::containers;
use super::overlays::OVERLAYS;
use super::text;

const REGISTRY: &str = "registry.example.org/tools/";

/// The programs in `/usr/bin` of each stage of a Containerfile, by the stage's name, else by its number.
fn stages(containerfile: &str) -> Vec<(String, String, BTreeSet<String>)> {
    let program = regex::Regex::new(r"(?:/image)?/usr/bin/([a-z][a-z0-9-]*)\b").unwrap();
    let from = regex::Regex::new(r"^FROM (\S+)(?: AS (\S+))?$").unwrap();
    let copied = regex::Regex::new(r"^COPY --from=(\S+) (?:--\S+ )*/image/ /$").unwrap();
    let mut stages: Vec<(String, String, BTreeSet<String>)> = Vec::new();
    let has = |stages: &[(String, String, BTreeSet<String>)], name: &str| {
        let stage = stages.iter().find(|(stage, ..)| stage == name);
        stage.map(|(.., programs)| programs.clone()).unwrap_or_default()
    };
    for line in containerfile.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(found) = from.captures(line) {
            let name = found.get(2).map_or_else(|| stages.len().to_string(), |name| name.as_str().to_owned());
            let inherited = has(&stages, &found[1]);
            stages.push((name, found[1].to_owned(), inherited));
        } else if let Some(found) = copied.captures(line) {
            let programs = has(&stages, &found[1]);
            stages.last_mut().unwrap().2.extend(programs);
        } else if line.starts_with("COPY") || line.starts_with("ADD") || line.starts_with("install ") {
            // Where it goes is the last word.
            let to = line.trim_end_matches(['\\', ';', ' ']).rsplit(' ').next().unwrap();
            let found = program.captures(to).map(|found| found[1].to_owned());
            if let Some(stage) = stages.last_mut() {
                stage.2.extend(found);
            }
        }
    }
    stages
}

/// What is in each image that is built here, by its name.
fn images() -> BTreeMap<&'static str, BTreeSet<String>> {
    let stages = stages(&text("Containerfile"));
    // With `preflight` in it, it is the one that `make image-publish` builds.
    let image = |is_for_publish: bool| {
        let is = |(.., programs): &&(String, String, BTreeSet<String>)| {
            programs.contains("image-mirror") && programs.contains("preflight") == is_for_publish
        };
        stages.iter().filter(|(name, ..)| name != "build").find(is).map(|(.., programs)| programs.clone())
    };
    let named = [("image-mirror", image(false)), ("image-mirror-publish", image(true))];
    named.into_iter().filter_map(|(name, programs)| Some((name, programs?))).collect()
}

/// Every program that a container starts, by its name or its path.
fn needed(path: &str, container: &Container) -> BTreeSet<String> {
    let words = words(container);
    let mut needed = BTreeSet::from([words[0].clone()]);
    for flag in ["--push-command=", "--invalidate-command="] {
        needed.extend(words.iter().filter_map(|word| word.strip_prefix(flag)).map(str::to_owned));
    }
    if words.len() > 2 && words[1] == "publish" && ["image", "run", "resume"].contains(&words[2].as_str()) {
        // The settings say where it is; what they are to say is in the comment beside their file.
        let said = regex::Regex::new(r"preflight: \{ command: ([^,}\s]+)").unwrap();
        let text = text(path);
        needed.insert(said.captures(&text).map_or("preflight", |it| it.get(1).unwrap().as_str()).to_owned());
    }
    needed
}

/// Whether an earlier container of the pod installs `program` where `container` sees it.
fn is_installed(pod: &PodSpec, container: &Container, program: &str) -> bool {
    let volume = |container: &Container| {
        let mounts = container.volume_mounts.iter().flatten();
        let mount = mounts.filter(|mount| program.starts_with(&format!("{}/", mount.mount_path)));
        mount
            .max_by_key(|mount| mount.mount_path.len())
            .map(|mount| (mount.name.clone(), mount.mount_path.clone()))
    };
    let installs = |init: &&Container| {
        let words = words(init);
        words.get(1..4).is_some_and(|it| it == ["publish", "preflight", "install"])
            && words.contains(&format!("--to={program}"))
    };
    let installer = pod.init_containers.iter().flatten().find(installs);
    installer.is_some_and(|init| volume(init).is_some() && volume(init) == volume(container))
}

/// What is missing: programs that a container needs and nothing brings.
fn missing(path: &str, pod: &PodSpec, container: &Container) -> Vec<String> {
    let image = container.image.clone().unwrap();
    let images = images();
    let has = match image.strip_prefix(REGISTRY).and_then(|name| name.split_once(':')) {
        Some((name, version)) if images.contains_key(name) => {
            assert_eq!(version, env!("CARGO_PKG_VERSION"), "{path}: {image}");
            images[name].clone()
        }
        // The template leaves it open, and says which it is.
        None if image == "FIXME"
            && text(path).contains("image: FIXME # the image that `make image` builds") =>
        {
            images["image-mirror"].clone()
        }
        // An image of other people's: what it has is said beside it.
        Some((name, _)) => {
            let said = format!("image: {image} # any image with {name}\n");
            assert!(text(path).contains(&said), "{path}: nobody builds {image}, nor says what is in it");
            BTreeSet::from([name.to_owned()])
        }
        None => panic!("{path}: whose is {image}?"),
    };
    let is_there = |program: &String| {
        has.contains(program.trim_start_matches("/usr/bin/")) || is_installed(pod, container, program)
    };
    needed(path, container).into_iter().filter(|program| !is_there(program)).collect()
}

#[test]
fn every_program_that_a_job_starts_is_in_its_image_or_installed_before() {
    let mut with_preflight = 0;
    for (path, pod, container) in containers() {
        // The pod of an overlay is that of the base's file.
        let is_overlay = OVERLAYS.contains(&path.as_str());
        let path = if is_overlay { "jobs/kustomize/cronjob.yaml".to_owned() } else { path };
        assert_eq!(missing(&path, &pod, &container), Vec::<String>::new(), "{path}");
        with_preflight += usize::from(needed(&path, &container).len() > 1);
    }
    assert_eq!(with_preflight, 2, "the jobs that publish");
}

#[test]
fn a_program_that_no_image_of_a_job_has_is_named() {
    let found = |path: &str| containers().into_iter().rfind(|(its, ..)| its == path).unwrap();
    let (path, mut pod, container) = found("jobs/kustomize/publish.yaml");
    pod.init_containers = None;
    assert_eq!(missing(&path, &pod, &container), ["/state/preflight"], "nobody installs it");

    let (path, pod, mut container) = found("jobs/prow/stream-mirror.yaml");
    container.args.as_mut().unwrap().push("--push-command=aws".to_owned());
    assert_eq!(missing(&path, &pod, &container), ["aws"]);
    container.command = Some(vec!["sh".to_owned(), "-c".to_owned()]);
    assert_eq!(missing(&path, &pod, &container), ["aws", "sh"], "there is no shell in it");

    let (path, pod, mut container) = found("jobs/kustomize/stream-prune.yaml");
    container.command = Some(vec!["git".to_owned()]);
    assert_eq!(missing(&path, &pod, &container), ["git"], "it is in the image of the init container alone");
}

#[test]
fn what_is_in_an_image_is_read_stage_by_stage() {
    let of = |stages: &[(String, String, BTreeSet<String>)]| {
        let all = stages.iter().map(|(name, _, has)| (name.clone(), has.iter().cloned().collect::<Vec<_>>()));
        all.collect::<Vec<_>>()
    };
    let two = "FROM a AS build\ninstall -D \"x/image-mirror\" /image/usr/bin/image-mirror; \\\nFROM scratch AS small\n\
               COPY --from=build /image/ /\n# COPY sh /usr/bin/sh\nFROM small AS publish\nCOPY --from=p /p /usr/bin/preflight\n";
    let names = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        of(&stages(two)),
        [
            ("build".to_owned(), names(&["image-mirror"])),
            ("small".to_owned(), names(&["image-mirror"])),
            ("publish".to_owned(), names(&["image-mirror", "preflight"])),
        ]
    );
    let images = images();
    assert_eq!(images["image-mirror"].iter().collect::<Vec<_>>(), ["image-mirror"], "and no shell");
}

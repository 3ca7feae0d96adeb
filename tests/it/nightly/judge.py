"""Judges a run of `nightly` with skopeo and a YAML reader: judge.py PAYLOAD IMAGESTREAMS ARTIFACTS

Reads the payload file by itself, works out what each tag of each ImageStream must be, and looks. It shares nothing
with the program. Says what is wrong, a line each, and exits 1; else says what it looked at.
"""

import concurrent.futures
import hashlib
import json
import pathlib
import subprocess
import sys

import yaml

GO = {"x86_64": "amd64", "aarch64": "arm64", "s390x": "s390x", "ppc64le": "ppc64le"}
SUFFIX = {"x86_64": "", "aarch64": "-arm64", "s390x": "-s390x", "ppc64le": "-ppc64le"}


def raw(image):
    """The bytes of a manifest."""
    words = ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{image}"]
    ran = subprocess.run(words, capture_output=True, check=False)
    if ran.returncode:
        raise LookupError(f"{image}: {ran.stderr.decode().strip()}")
    return ran.stdout


def digest(manifest):
    return "sha256:" + hashlib.sha256(manifest).hexdigest()


def is_embargoed(build):
    release = build["nvr"].rsplit("-", 1)[1]
    flag = next((part for part in release.split(".") if part in ("p0", "p1", "p2", "p3")), "none")
    return flag in ("p1", "p3", "none")


def tag_of(image):
    if image.get("payload_tag"):
        return image["payload_tag"]
    last = image["image_name"].rsplit("/", 1)[-1]
    return last.removeprefix("ose-")


def wanted(payload, builds, arch, is_private):
    """Each tag of an ImageStream: the digest of its image, and the index that is mirrored with it."""
    tags = {}
    for image in payload["images"]:
        takes_part = arch in (image.get("arches") or payload["arches"])
        if not takes_part:
            tags[tag_of(image)] = None
            continue
        build = image["build"]
        if is_embargoed(build) and not is_private:
            build = image["public_build"]
        index = builds[build["pullspec"]]
        child = next(m for m in index["manifests"] if m["platform"]["architecture"] == GO[arch])
        tags[tag_of(image)] = (child["digest"], digest_in(build["pullspec"]))
    return {tag: found or tags["pod"] for tag, found in tags.items()}


def digest_in(pull_spec):
    return pull_spec.rsplit("@", 1)[1]


def builds_of(payload):
    found = [image[kind] for image in payload["images"] for kind in ("build", "public_build") if image.get(kind)]
    return sorted({build["pullspec"] for build in found})


def check_stream(payload, builds, streams, arch, is_private):
    """What is wrong with one ImageStream, and the images that it names."""
    suffix = SUFFIX[arch] + ("-priv" if is_private else "")
    path = streams / f"ocp{suffix}" / f"{payload['version']}-art-latest{suffix}.yaml"
    stream = yaml.safe_load(path.read_text())
    target = payload["destination"]
    repository = target["private_repository" if is_private else "repository"]
    base = f"{target['registry']}/{target['organization']}/{repository}"
    wrong, images = [], set()
    got = {tag["name"]: tag for tag in stream["spec"]["tags"]}
    expected = wanted(payload, builds, arch, is_private)
    containers = {c["name"]: c["images"][arch] for c in payload["rhcos"]["containers"] if arch in c["images"]}
    for tag, (image, index) in expected.items():
        name = f"{base}:{image.replace(':', '-')}"
        images |= {(name, image), (f"{base}:{index.replace(':', '-')}", index)}
        wrong += compare(path, got.pop(tag, None), tag, name)
    for tag, name in containers.items():
        wrong += compare(path, got.pop(tag, None), tag, name)
    wrong += [f"{path}: has the tag {tag} that nobody wants" for tag in got]
    return wrong, images


def compare(path, got, tag, name):
    if got is None:
        return [f"{path}: lacks the tag {tag}"]
    if got["from"] != {"kind": "DockerImage", "name": name}:
        return [f"{path}: {tag} is {got['from']}, not {name}"]
    if got["importPolicy"] != {"importMode": "PreserveOriginal"}:
        return [f"{path}: {tag} is imported as {got['importPolicy']}"]
    return []


def check_image(named):
    name, expected = named
    try:
        found = digest(raw(name))
    except LookupError as error:
        return [str(error)]
    return [] if found == expected else [f"{name} is {found}"]


def main(payload, streams, artifacts):
    payload = yaml.safe_load(pathlib.Path(payload).read_text())
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        pull_specs = builds_of(payload)
        builds = dict(zip(pull_specs, map(json.loads, pool.map(raw, pull_specs))))
        wrong, images = [], set()
        for arch in payload["arches"]:
            for is_private in (False, True):
                found = check_stream(payload, builds, pathlib.Path(streams), arch, is_private)
                wrong += found[0]
                images |= found[1]
        for found in pool.map(check_image, sorted(images)):
            wrong += found
    report = yaml.safe_load((pathlib.Path(artifacts) / "gen-payload-artifacts/assembly-report.yaml").read_text())
    if report["viable"] is not True or report["assembly_issues"]:
        wrong.append(f"the assembly report says {report}")
    if len(report["release_images"]) != len(payload["images"]):
        wrong.append(f"the assembly report names {len(report['release_images'])} images")
    print("\n".join(wrong) or f"{len(images)} images and {2 * len(payload['arches'])} ImageStreams are right")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/python3 -I
"""Stands in for preflight: takes its arguments and its environment, and writes what it writes.

Since its environment is made from nothing, it is steered by a file beside it, as it is called: `preflight.mode`, JSON.

  mode            what happens, for all platforms but where told otherwise:
                    pass              all checks pass; results are submitted if asked for
                    fail              the checks of `platforms` fail; exit 0
                    error             the checks of `platforms` cannot be done; exit 0
                    exit-2            as fail, and exit 2
                    exit-2-but-passed as pass, and exit 2
                    partial           the results of `platforms` alone are written, and exit 0
                    no-results        exit 1, at once
                    submit-fails      all pass; those of `platforms` cannot be submitted; exit 1
                    refused           all pass; the catalog does not support this version; exit 1
                    stale             the file `results` is copied, with its times; exit 0
                    other-image       results of another image
                    lies              `passed`, with a check that failed
                    broken            results that are no JSON
                    hang              says so in the pipe `pipe`, and never ends; what it started does not, either
                    hang-after        as hang, but after all passed and was submitted
  platforms       the architectures that are meant by the mode; all
  image           a part of the names of the images that are meant by the mode; all
  architectures   those of the index; amd64 and arm64
  version         1.14.0
  leak            true: prints its secrets, and writes them into the results
  leaves          true: what it started goes on when it has ended, and holds the pipe `pipe`
  catalog         an address that is sent a POST of JSON for each platform that is submitted:
                  {"image", "architecture", "passed", "component_id", "api_token"}
  submit          an address of a catalog that is in the tests: it is told of each platform that is submitted

Each run is written down beside it in `preflight.run-N.json`, N from 1: argv, environ, cwd, listing, docker_config.
"""

import base64
import json
import os
import pathlib
import shutil
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

BESIDE = pathlib.Path(sys.argv[0]).parent
MODE = json.loads((BESIDE / "preflight.mode").read_text())
NAME = MODE.get("mode", "pass")
VERSION = MODE.get("version", "1.14.0")


def setting(name, default=""):
    return os.environ.get("PFLT_" + name, default)


def log(text, level="info"):
    line = f'time="2026-01-02T03:04:05Z" level={level} msg="{text}"\n'
    sys.stderr.write(line)
    sys.stderr.flush()
    with open(setting("LOGFILE", "preflight.log"), "a") as file:
        file.write(line)


def write_down():
    config = setting("DOCKERCONFIG")
    run = {
        "argv": sys.argv[1:],
        "environ": dict(os.environ),
        "cwd": os.getcwd(),
        "listing": os.listdir("."),
        "docker_config": json.loads(pathlib.Path(config).read_text()) if config else None,
    }
    number = len(list(BESIDE.glob("preflight.run-*.json"))) + 1
    (BESIDE / f"preflight.run-{number}.json").write_text(json.dumps(run))


def arguments():
    """The image, the platform and whether to submit; what preflight does not take is refused."""
    words = sys.argv[1:]
    if words[:2] != ["check", "container"]:
        sys.exit("Error: unknown command")
    platform, submit, images = None, False, []
    rest = iter(words[2:])
    for word in rest:
        if word == "--platform":
            platform = next(rest)
        elif word in ("--submit", "-s"):
            submit = True
        elif word.startswith("-"):
            sys.exit(f"Error: unknown flag: {word}")
        else:
            images.append(word)
    if len(images) != 1:
        sys.exit("Error: a container image positional argument is required")
    if submit and not (setting("CERTIFICATION_COMPONENT_ID") and setting("PYXIS_API_TOKEN")):
        sys.exit("Error: certification component ID must be specified when --submit is present")
    return images[0], platform, submit


def hang():
    """Two programs that hold a pipe; the second one does not end when it is asked to."""
    pipe = open(MODE["pipe"], "w")
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        pipe.write("here\n")
        pipe.flush()
    while True:
        time.sleep(600)


def leave():
    pipe = open(MODE["pipe"], "w")
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
    pipe.write("here\n")
    pipe.close()


def forms():
    """The secrets in all forms in which programs say them."""
    secrets = [setting("PYXIS_API_TOKEN")]
    for entry in json.loads(pathlib.Path(setting("DOCKERCONFIG")).read_text())["auths"].values():
        secrets += [entry["auth"], base64.b64decode(entry["auth"]).decode().split(":", 1)[1]]
    secrets = [secret for secret in secrets if secret]
    encoded = [base64.b64encode(secret.encode()).decode() for secret in secrets]
    return secrets + encoded + [urllib.parse.quote(secret, safe="") for secret in secrets]


def check(name, help_text):
    return {
        "name": name,
        "elapsed_time": 0,
        "description": "What the image must have.",
        "help": help_text,
        "suggestion": "Mend the image.",
        "knowledgebase_url": "https://example.com/kb",
    }


def results(image, is_meant):
    """What `results.json` says, and whether the image passed."""
    said = {"passed": [], "failed": [], "errors": []}
    if NAME in ("fail", "exit-2", "lies") and is_meant:
        words = ["There is no /licenses.", *(forms() if MODE.get("leak") else [])]
        said["failed"].append(check("HasLicense", " ".join(words)))
    if NAME == "error" and is_meant:
        said["errors"].append(check("RunAsNonRoot", "The image could not be read."))
    passed = NAME == "lies" or not (said["failed"] or said["errors"])
    image = "quay.io/another/image:1" if NAME == "other-image" else image
    library = {"name": "preflight", "version": VERSION, "commit": "0123abc"}
    return {"image": image, "passed": passed, "test_library": library, "results": said}, passed


def write(architecture, content):
    folder = pathlib.Path(setting("ARTIFACTS", "artifacts")) / architecture
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text("{" if NAME == "broken" else json.dumps(content))
    (folder / "cert-image.json").write_text("{}")


def submit_results(image, architecture, passed, is_meant):
    log("preparing results that will be submitted to Red Hat")
    if NAME == "submit-fails" and is_meant:
        sys.exit("Error: could not submit to pyxis: could not retrieve project: status code: 502: body: ")
    if NAME == "refused":
        tool = "github.com/redhat-openshift-ecosystem/openshift-preflight"
        detail = f"Validation error: '{tool}' version '{VERSION}' is not supported. Supported versions are: ['9.9.9']"
        body = json.dumps({"title": "Bad Request", "detail": detail, "status": 400})
        sys.exit(f"Error: could not submit to pyxis: could not create test results: status code: 400: body: {body}")
    if "catalog" in MODE:
        told = {
            "image": image,
            "architecture": architecture,
            "passed": passed,
            "component_id": setting("CERTIFICATION_COMPONENT_ID"),
            "api_token": setting("PYXIS_API_TOKEN"),
        }
        headers = {"Content-Type": "application/json"}
        try:
            urllib.request.urlopen(urllib.request.Request(MODE["catalog"], json.dumps(told).encode(), headers)).read()
        except urllib.error.HTTPError as error:
            body = error.read().decode()
            sys.exit(f"Error: could not submit to pyxis: could not create image: status code: {error.code}: body: {body}")
    if "submit" in MODE:
        query = {"tag": image.rsplit(":", 1)[1], "arch": architecture, "passed": str(passed).lower()}
        address = MODE["submit"] + "?" + urllib.parse.urlencode(query)
        try:
            headers = {"X-API-KEY": setting("PYXIS_API_TOKEN")}
            urllib.request.urlopen(urllib.request.Request(address, b"", headers)).read()
        except urllib.error.HTTPError as error:
            body = error.read().decode()
            sys.exit(f"Error: could not submit to pyxis: could not create image: status code: {error.code}: body: {body}")
    log("Test results have been submitted to Red Hat.")
    log(f"The container's image id is: id-{architecture}.")


def run():
    image, platform, submit = arguments()
    log(f"certification library version {VERSION}")
    if MODE.get("leak"):
        print("\n".join(forms()))
        for form in forms():
            log(form)
    if MODE.get("leaves"):
        leave()
    if NAME == "hang":
        hang()
    if NAME == "no-results":
        log("could not read the image", "error")
        sys.exit("Error: invalid manifest?: GET https://registry/v2/: UNAUTHORIZED")
    index = MODE.get("architectures", ["amd64", "arm64"])
    for architecture in [platform] if platform else index:
        is_meant = architecture in MODE.get("platforms", index) and MODE.get("image", "") in image
        if NAME == "partial" and not is_meant:
            continue
        log(f"running checks for {image} for platform {architecture}")
        content, passed = results(image, is_meant)
        write(architecture, content)
        if NAME == "stale":
            shutil.copy2(MODE["results"], pathlib.Path(setting("ARTIFACTS")) / architecture / "results.json")
        print(json.dumps(content))
        if submit:
            submit_results(image, architecture, passed, is_meant)
        log("Preflight result: " + ("PASSED" if passed else "FAILED"))
    if NAME == "hang-after":
        hang()
    sys.exit(2 if NAME.startswith("exit-2") else 0)


if sys.argv[1:] == ["--version"]:
    print(f"preflight version {VERSION} <commit: 0123abc>")
else:
    write_down()
    run()

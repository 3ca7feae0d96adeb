"""Judges a mirror of boot images with sha256sum: judge.py STREAM WHERE

Reads the stream file by itself, works out where each artifact must be (ARCH/dependencies/rhcos/4.16/RELEASE/NAME below
WHERE: a directory, or http://HOST/BUCKET/PREFIX, which takes any login), has sha256sum hash it, and compares the list of sums and the mark of
each directory. It shares nothing with the program. Says what is wrong, a line each, and exits 1; else says what it looked at.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request


def ask(url):
    """moto refuses who shows no login, and looks at none."""
    return urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": "AWS id:signature"}))


class Directory:
    def __init__(self, where):
        self.root = pathlib.Path(where)

    def path(self, key):
        return self.root / key

    def names(self, folder):
        return {path.name for path in (self.root / folder).iterdir()}


class Bucket:
    """What is in a bucket, fetched into a folder."""

    def __init__(self, where):
        self.where = where.rstrip("/")
        self.folder = pathlib.Path(tempfile.mkdtemp())

    def path(self, key):
        to = self.folder / key.replace("/", "_")
        if not to.exists():
            with ask(f"{self.where}/{key}") as answer, open(to, "wb") as file:
                while chunk := answer.read(1 << 20):
                    file.write(chunk)
        return to

    def uploads(self):
        """The keys of uploads that were begun and neither completed nor aborted."""
        bucket = "/".join(self.where.split("/")[:4])
        with ask(f"{bucket}?uploads") as answer:
            return re.findall("<Upload>.*?<Key>(.*?)</Key>", answer.read().decode(), re.DOTALL)


def sha256(path):
    ran = subprocess.run(["sha256sum", str(path)], capture_output=True, check=True)
    return ran.stdout.decode().split()[0]


def artifacts(stream):
    for arch, content in stream["architectures"].items():
        for platform in content["artifacts"].values():
            for form in platform["formats"].values():
                for file in form.values():
                    folder = f"{arch}/dependencies/rhcos/4.16/{platform['release']}"
                    yield folder, platform["release"], file["location"].rsplit("/", 1)[1], file["sha256"]


def main():
    stream = json.loads(pathlib.Path(sys.argv[1]).read_text())
    where = Bucket(sys.argv[2]) if sys.argv[2].startswith("http") else Directory(sys.argv[2])
    wrong, folders = [], {}
    for folder, release, name, expected in artifacts(stream):
        folders.setdefault((folder, release), {})[name] = expected
        try:
            found = sha256(where.path(f"{folder}/{name}"))
        except (OSError, urllib.error.URLError, subprocess.CalledProcessError) as error:
            wrong.append(f"{folder}/{name}: {error}")
            continue
        if found != expected:
            wrong.append(f"{folder}/{name}: {found} is not {expected}")
    for (folder, release), files in folders.items():
        try:
            sums = where.path(f"{folder}/sha256sum.txt").read_text()
            mark = where.path(f"{folder}/rhcos-id.txt").read_text()
        except (OSError, urllib.error.URLError) as error:
            wrong.append(f"{folder}: {error}")
            continue
        if sums != "".join(f"{files[name]}  {name}\n" for name in sorted(files)):
            wrong.append(f"{folder}/sha256sum.txt is not as it should be: {sums}")
        if mark != f"{release}\n":
            wrong.append(f"{folder}/rhcos-id.txt holds {mark!r}")
        if isinstance(where, Directory):
            more = where.names(folder) - set(files) - {"sha256sum.txt", "rhcos-id.txt"}
            wrong.extend(f"{folder}/{name} is nobody's" for name in more)
    if isinstance(where, Bucket):
        wrong.extend(f"{key}: an upload is open" for key in where.uploads())
    print("\n".join(wrong) or f"{sum(map(len, folders.values()))} artifacts in {len(folders)} directories are right")
    return 1 if wrong else 0


sys.exit(main())

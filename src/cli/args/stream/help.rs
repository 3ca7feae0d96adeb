//! What the commands of `stream` say of themselves.

pub(super) const STREAM: &str = "\
Boot images of CoreOS, as stream metadata lists them: copied, checked, rewritten, pruned.

A stream file is the JSON object with `stream` and `architectures`, or a ConfigMap that holds one \
(coreos-bootimages). It is never written anew: new addresses are put where the old ones were, and every other \
byte stays. docs/streams.md walks through the ways of working with these commands.";

pub(super) const MIRROR: &str = "\
Copy the boot images of a stream to where they belong, checked.

Each file is hashed while it comes and is seen under its name only when its sha256 is the one in the stream. \
A download that was cut goes on where it was, in the next run too. A build's directory gets its list of sums, \
and its mark of completion (rhcos-id.txt) last. The rewritten stream file is written only if everything that was \
selected is there. A run with nothing to do fetches nothing and writes nothing.

A destination is a directory or an S3-compatible bucket, whose login comes from the variables of the AWS tools \
(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, AWS_REGION, …). rsync and ssh are for a --push-command. What the program has to remember is kept \
in the destination itself, below .image-mirror/.";

pub(super) const MIRROR_EXAMPLES: &str = "\
Examples:
  image-mirror stream mirror --src rhcos.json --dest /srv/mirror --ocp 4.16
  image-mirror stream mirror --src rhcos.json --dest s3://bucket/pub/openshift-v4 --ocp 4.16 \\
      --url https://mirror.example.com/pub/openshift-v4 --dest-stream rhcos-mirrored.json
  image-mirror stream mirror --src https://example.com/rhcos.json --dest /srv/mirror --layout flat \\
      --arch x86_64 --artifact 'met*' --format iso
  image-mirror stream mirror --src rhcos.json --dest /srv/mirror --layout release --version 4.19.0

Exit codes:
  0  everything that was selected is there
  1  at least one file could not be brought; the others are there
  2  bad usage or a bad stream file: nothing was attempted
  3  interrupted, over the deadline, or no server reachable: run again
  4  a file that must not change is something else, or another run has the destination";

pub(super) const REWRITE: &str = "\
Print a stream file with the addresses of the mirror, and change nothing else in it.

Nothing is fetched (but the file itself, if it is an address). The same layout and --url as in `stream mirror` give the \
same addresses.";

pub(super) const REWRITE_EXAMPLES: &str = "\
Examples:
  image-mirror stream rewrite --src rhcos.json --url https://mirror.example.com/pub --ocp 4.16 \\
      --dest-stream rhcos.json --origins origins.json
  image-mirror stream rewrite --src rhcos.json --map https://old.example.com/a=https://new.example.com/b \\
      --dest-stream -

Exit codes:
  0  the file was written
  1  it could not be written
  2  bad usage or a bad stream file";

pub(super) const VALIDATE: &str = "\
Say whether everything that a stream lists can be fetched where it says.

Each artifact is asked for by its first byte: servers that redirect to signed addresses refuse HEAD, and a page of \
HTML is no boot image. One row an artifact, so that Prow names what is missing. Exit 1 blocks a merge; exit 3 says to \
try again, since no answer could be had.";

pub(super) const VALIDATE_EXAMPLES: &str = "\
Examples:
  image-mirror stream validate --src data/data/coreos/rhcos.json \\
      --require-prefix https://mirror.openshift.com/pub/openshift-v4
  image-mirror stream validate --src rhcos.json --level checksum --changed-since rhcos-old.json
  image-mirror stream validate --src rhcos.json --level deep --arch x86_64 --artifact metal

Exit codes:
  0  everything is there
  1  something is missing, or is not what the stream says
  2  bad usage or a bad stream file
  3  at least one server gave no usable answer, and nothing is known to be missing: run again";

pub(super) const RESOLVE: &str = "\
Print a stream file with the addresses that an installer under test is to use.

Before a build is mirrored its final addresses lead nowhere. With --prefix the addresses become those of a tree where it \
is already: by the file that --origins of `stream rewrite` made, else by taking each address apart by --layout and \
putting it together by --prefix-layout. Digests stay, so a wrong address is found when it is fetched.

Without a prefix the file is printed as it is.";

pub(super) const RESOLVE_EXAMPLES: &str = "\
Examples:
  image-mirror stream resolve --src rhcos.json --origins origins.json --prefix https://staging.example.com
  image-mirror stream resolve --src rhcos.json --url https://mirror.example.com/pub --ocp 4.7 \\
      --prefix https://staging.example.com --prefix-layout art-releases

Exit codes:
  0  the file was printed
  2  bad usage, a bad stream file, or an address that cannot be resolved";

pub(super) const PRERELEASE: &str = "\
Mirror the newest build, then publish its stream file.

As `stream mirror` with the layout `prerelease`; the rewritten file is published as rhcos-X.Y-prerelease.json once \
everything is there. Nothing is done if what is published lists the same already, and what is published is never \
replaced by something older (exit 4) unless --force says so.";

pub(super) const PRERELEASE_EXAMPLES: &str = "\
Examples:
  image-mirror stream prerelease publish --src https://example.com/builds/rhcos-4.20.json --ocp 4.20 \\
      --dest s3://bucket/pub/openshift-v4 --url https://mirror.example.com/pub/openshift-v4

Exit codes:
  0  everything that was selected is there
  1  at least one file could not be brought; the others are there
  2  bad usage or a bad stream file: nothing was attempted
  3  interrupted, over the deadline, or no server reachable: run again
  4  a file that must not change is something else, or another run has the destination,
     or what is published is newer";

pub(super) const PROMOTE: &str = "\
Copy what was published before its release to where releases are, without fetching it again.

Each file is looked for where `stream prerelease publish` put it, checked, and copied within the destination: by the \
bucket itself, or as a further link to the same file. What is not there is fetched. The rewritten file is published as \
rhcos-X.Y.json.";

pub(super) const PROMOTE_EXAMPLES: &str = "\
Examples:
  image-mirror stream promote --src rhcos.json --ocp 4.20 --dest /srv/mirror \\
      --url https://mirror.example.com/pub --dest-stream rhcos-mirrored.json

Exit codes:
  0  everything that was selected is there
  1  at least one file could not be brought; the others are there
  2  bad usage or a bad stream file: nothing was attempted
  3  interrupted, over the deadline, or no server reachable: run again
  4  a file that must not change is something else, or another run has the destination";

pub(super) const PINS: &str = "\
Print which builds are pinned, and by what.

The sources are those of `stream prune`, and each must be readable: a source that cannot be read, or a pattern that \
matches nothing, is exit 4, since nobody knows what it pins.";

pub(super) const PINS_EXAMPLES: &str = "\
Examples:
  image-mirror stream pins --pin-list pins.txt \\
      --pin-git '/src/installer:refs/remotes/origin/release-*:data/data/coreos/*.json'
  image-mirror stream pins --pin-stream https://example.com/rhcos-4.16.json > pins.txt

What is printed is a list that --pin-list reads.

Exit codes:
  0  the pins were printed
  2  bad usage
  4  a source cannot be read, or pins nothing where something must be: nothing was printed";

pub(super) const PRUNE: &str = "\
Delete builds that nothing pins, once that was so for long enough.

Nothing is written unless --delete is given: the report says what would be. A build that any source pins is never \
deleted, by any flag: stream files, every commit of the named references of git histories, lists, builds under way, and \
what `latest` holds. The sources are read in every run and again before each directory. A build that nothing pins is \
marked first, and deleted by a later run once the mark is --mark-age old.

Every row says why a build is kept or deleted.";

pub(super) const PRUNE_EXAMPLES: &str = "\
Examples:
  image-mirror stream prune --dest /srv/mirror --pin-stream /srv/mirror/x86_64/dependencies/rhcos-4.16.json \\
      --pin-git '/src/installer:refs/remotes/origin/release-*:data/data/coreos/*.json'
  image-mirror stream prune --dest s3://bucket --root pub/openshift-v4 --pin-list pins.txt --delete

Exit codes:
  0  done
  1  something could not be deleted, or --check found a pinned build that is not there
  2  bad usage
  3  interrupted: run again
  4  a source of pins cannot be read, far fewer builds are pinned, or more would be deleted than may be: nothing was deleted";

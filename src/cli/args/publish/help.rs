//! What the commands of `publish` say of themselves.

pub(super) const PUBLISH: &str = "\
Publish images to a certified catalog, so that customers never pull anything but a whole, certified image.

An image gets a unique tag that never moves (VERSION-N), is certified by the preflight program, and becomes public; only \
then the tags that customers use (VERSION, VERSION-rhcc, latest) are pointed at it, one after the other. Guards that \
no flag switches off keep a tag from being overwritten; a journal lets a run that died be gone on with by the same \
command. docs/publish.md has the picture and a runbook.";

pub(super) const IMAGE: &str = "\
Certify an image and publish it.

1. The unique tag must be new, and so must the image: nothing that is known is published twice.
2. The image is uploaded under VERSION-N, as the bytes that it is.
3. The preflight program certifies it; its results count, not its exit code.
4. The public registry must serve it, for each platform.
5. VERSION, then VERSION-rhcc, then, if asked for, latest are pointed at it, each seen in public before the next.

What stops on the way is gone on with by the same command. Nothing is ever unpublished or deleted.";

pub(super) const IMAGE_EXAMPLES: &str = "\
Examples:
  image-mirror publish image --config publish.yaml -c products.json --state-dir /state \\
      -p couchbase-server -t 7.6.1-rel -r 7.6.1
  # To go on with 7.6.1-3, whose journal is lost; to look only; between registries of your own:
  image-mirror publish image --config publish.yaml -c products.json --state-dir /state \\
      -p couchbase-server -t 7.6.1-rel -r 7.6.1 -b 3 --adopt
  image-mirror publish image --config publish.yaml -c products.json --state-dir /state \\
      -p couchbase-server -t 7.6.1-rel -r 7.6.1 --dry-run
  image-mirror publish image --config publish.yaml -c products.json --state-dir /state \\
      -p couchbase-server -t 7.6.1-rel -r 7.6.1 --rehearse

Exit codes:
  0  it is published, or customers have it already
  1  it did not pass the certification; customers see nothing of it
  2  bad usage, settings, source image or preflight program: nothing was uploaded
  3  could not tell, or interrupted: run it again
  4  a guard refused: what to do is in the message
  5  timed out waiting for the catalog: run it again, it goes on there";

pub(super) const NEXT_EXAMPLES: &str = "\
Examples:
  image-mirror publish next-rebuild --config publish.yaml -c products.json -p couchbase-server -r 7.6.1

Exit codes:
  0  the number is on stdout
  2  bad usage or settings
  3  a list of tags could not be read: no number is known then";

pub(super) const PLAN: &str = "\
Show which versions of which products are to be published again, and why.

Of each product all public versions N.N.N from its minimum on are compared with their source images: layers and what the \
configs say. What customers have already is skipped.";

pub(super) const PLAN_EXAMPLES: &str = "\
Examples:
  image-mirror publish plan --config publish.yaml -c products.json
  image-mirror publish plan --config publish.yaml -c products.json -p sync-gateway

Exit codes:
  0  the plan is on stdout
  1  an image did not pass before: its number is used up
  2  bad usage, settings or a source image that cannot be used
  3  it could not be told whether a version is to be published
  4  a guard would refuse one of them";

pub(super) const RUN: &str = "\
Publish what `publish plan` shows, after what earlier runs left unfinished.

One image of a project at a time, --jobs projects side by side. One that fails does not keep the others; after two \
projects in a row that the catalog did not get to in time nothing more is begun.";

pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  image-mirror publish run --config publish.yaml -c products.json --state-dir /state
  image-mirror publish run --config publish.yaml -c products.json --state-dir /state --max-publish 4

Exit codes:
  0  everything that was due is published
  1  an image did not pass, or could not be published; the others are
  2  bad usage, settings or a source image that cannot be used
  3  something could not be told, or the run was interrupted: run it again
  4  a guard refused one of them
  5  timed out waiting for the catalog";

pub(super) const STATUS: &str = "\
Show where each tag points in each of the places: the upload registry, the public one, and the catalog's own records.";

pub(super) const STATUS_EXAMPLES: &str = "\
Examples:
  image-mirror publish status --config publish.yaml -c products.json -p couchbase-server -r 7.6.1

Exit codes:
  0  all tags are as they should be
  1  a version's tags differ, lag behind its last published image, or cannot be pulled
  2  bad usage or settings
  3  a registry could not be asked";

pub(super) const ROLLBACK: &str = "\
Move the tags that customers use back to an image that is public.

VERSION and VERSION-rhcc are pointed at VERSION-N again, which the public registry must still serve. Unique tags stay.";

pub(super) const ROLLBACK_EXAMPLES: &str = "\
Examples:
  image-mirror publish rollback --config publish.yaml -c products.json --state-dir /state \\
      -p couchbase-server -r 7.6.1 --to 2

Exit codes:
  0  the tags are back, and customers get that image
  2  bad usage or settings
  3  could not tell, or interrupted: run it again
  4  the public registry does not serve that image
  5  timed out waiting for the catalog: run it again";

pub(super) const RESUME_EXAMPLES: &str = "\
Examples:
  image-mirror publish resume --config publish.yaml -c products.json --state-dir /state

Exit codes:
  0  everything that was begun is published
  1  an image did not pass, or could not be published; the others are
  2  bad usage, settings or a source image that cannot be used
  3  something could not be told, or the run was interrupted: run it again
  4  a guard refused one of them
  5  timed out waiting for the catalog";

pub(super) const INSTALL_EXAMPLES: &str = "\
Examples:
  image-mirror publish preflight install --version 1.14.1 --to /state/preflight \\
      --sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Exit codes:
  0  it is there, and is what the sha256 says
  1  what was downloaded is something else; nothing was installed
  2  bad usage
  3  it could not be downloaded";

pub(super) const SUPPORTED_EXAMPLES: &str = "\
Examples:
  image-mirror publish preflight supported

Exit codes:
  0  the versions are on stdout
  2  bad usage
  3  the catalog could not be asked";

//! What commands say of themselves: long descriptions, examples and exit codes.

pub(super) const AFTER: &str = "\
Exit codes:
  0  everything is as desired (or now is)
  1  at least one entry failed or was refused, or a check found something
  2  bad input or usage, nothing was attempted
  3  could not tell or could not finish: interrupted, deadline, nothing reachable; run again
  4  a guard refused the whole operation
  5  timed out waiting for an outside party

Environment:
  Every flag can be set by a variable, and wins over it: MAPPINGS, ARTIFACTS, DRY_RUN and
  REGISTRY_AUTH_FILE (--authfile), else IMAGE_MIRROR_<FLAG>, as in IMAGE_MIRROR_JOBS=8.
  Booleans are 1, 0, true or false; lists have commas; an empty variable is unset.";

pub(super) const RUN: &str = "\
Mirror what the mapping files ask for.

Reads every mapping file, compares what each source and each target holds now, copies what differs, \
checks what the target answers afterwards and reports one row an entry. A bad line fails alone: every \
other line is mirrored. Where nothing changed nothing is written.

PATH is a file, a directory (searched for files named mapping_*; a mounted ConfigMap reads right), a \
glob (quote it: the program expands it, no shell is needed) or - for standard input. Without any, \
MAPPINGS names them, else mappings/.

Manifest lists are always kept whole unless --filter-by-os says otherwise. The flags of `oc image \
mirror` are accepted; docs/migrating-from-oc.md says what became of each.";

pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  image-mirror run '/etc/imagemirror/mapping_knative*'
  image-mirror run --dry-run mappings/demo
  image-mirror run -a /tmp/config.json -f mapping_origin_4_12 --max-per-registry=3
  image-mirror run --state quay.io/org/image-mirror-state:knative --quarantine-ok mappings/
  echo 'quay.io/a/b:v1 registry.example.com/a/b:v1' | image-mirror run -

Exit codes:
  0  every target is as desired
  1  at least one entry failed; the others are mirrored
  2  bad usage, no entry at all, or --strict found a bad line: nothing was attempted
  3  interrupted, over the deadline, or no registry reachable: run again";

pub(super) const PLAN: &str = "\
Show what a run would move, and why; nothing is written.

Compares sources and targets by digest as `run --dry-run` does, and prints a diff for reviewers: `+` new \
tags, `~` tags that move, with the dates of both images, and which repositories would be made. No `push` \
right is asked for. With --since, only what the change of the files adds, alters or removes, against the \
commit where HEAD parted from GIT_REF.";

pub(super) const PLAN_EXAMPLES: &str = "\
Examples:
  image-mirror plan mappings/
  image-mirror plan --check mappings/ && echo 'nothing to do'
  image-mirror plan --since origin/main --output markdown mappings/ > comment.md

Exit codes:
  0  the plan could be made
  1  at least one entry cannot be planned, or --check found something to move
  2  bad usage or no entry at all
  3  interrupted, over the deadline, or no registry reachable";

pub(super) const IMAGESTREAMS: &str = "\
Mirror what the ImageStreams of a cluster say.

Reads the ImageStreams that the flags and the configuration name, from the cluster or from files, \
compares each tag with its target by digest, and copies what differs. The target of NAMESPACE/NAME:TAG \
is the tag NAMESPACE_NAME_TAG of --target-repository; before it moves, the image that goes gets a second \
tag, so that nobody loses what they pinned. Digests come from the ImageStreams, so a run with nothing \
to do costs one request a target and writes nothing.

A tag that cannot be mirrored is a row of its own and stops no other.";

pub(super) const IMAGESTREAMS_EXAMPLES: &str = "\
Examples:
  image-mirror imagestreams --config _config.yaml --target-repository quay.io/openshift/ci
  image-mirror imagestreams --namespace ocp,origin --exclude ocp/builder --dry-run \\
      --target-repository quay.io/openshift/ci
  oc get is -A -o json > streams.json && image-mirror imagestreams --from-file streams.json \\
      --all-namespaces --source-registry registry.ci.openshift.org --target-repository quay.io/openshift/ci

Exit codes:
  0  every target is as desired
  1  at least one entry failed or was refused; the others are mirrored
  2  bad usage, a bad configuration, or nothing to mirror: nothing was attempted
  3  interrupted, over the deadline, or nothing reachable: run again";

pub(super) const SERVE: &str = "\
Mirror what the ImageStreams of a cluster say, for as long as it runs.

The same as `imagestreams`, every --interval, and at once for an ImageStream that changes. What has to be \
mirrored queues by target; what fails is tried again later and holds up nothing else. Of several \
replicas the holder of the Lease writes. It ends on SIGTERM, after the copies under way.

Pages: /api/v1/mirrors?action=show&limit=N (the queue), /healthz, /readyz, /metrics.";

pub(super) const SERVE_EXAMPLES: &str = "\
Examples:
  image-mirror serve --config _config.yaml --target-repository quay.io/openshift/ci --listen 0.0.0.0:8090
  image-mirror serve --from-file streams.yaml --all-namespaces --target-repository localhost:5000/ci --interval 5m
  curl -s 'http://localhost:8090/api/v1/mirrors?action=show&limit=10' | jq

Exit codes:
  0  it was asked to stop, and the copies under way came to their end
  2  bad usage, or a bad configuration at the start
  3  it was asked to stop, and copies under way were given up";

pub(super) const NIGHTLY: &str = "\
Bring a release payload to the nightlies.

Reads the payload file, which says which builds make the payload of one version and assembly, looks at \
those builds, and says what is inconsistent about them. If each inconsistency has a permit in the file, the \
images are copied to the component repositories, embargoed ones to the private one only, and the \
ImageStreams of each architecture are updated and read back. --dry-run ends with the plan.

ImageStreams are files in a directory unless --cluster is there.

The parameters of the job that this replaces are variables too, by their names there: EXCLUDE_ARCHES is \
--exclude-arches, DOOZER_DATA_PATH is --data-path, and so on. A flag wins over its variable. Lists take \
commas, blanks and line ends.";

pub(super) const NIGHTLY_EXAMPLES: &str = "\
Examples:
  image-mirror nightly --data-path payload.yaml --dry-run
  image-mirror nightly --data-path assemblies/ --build-version 4.19 --assembly rc.1 --cluster --publish
  image-mirror nightly --images 'openshift-enterprise-pod ose-etcd' --exclude-arches s390x
  image-mirror nightly --retrigger-current-nightly --build-version 4.19 --cluster

Exit codes:
  0  the nightlies are as the payload file says, or with --dry-run could be made so
  1  a build, an image, an ImageStream or a release image failed
  2  bad usage, a bad payload file, a payload that cannot be made, or --mock: nothing was written
  3  interrupted, over the deadline, or nothing reachable: run again
  4  an inconsistency has no permit, or something embargoed would become public: nothing was written
  5  the cluster did not import in time (--wait-import)";

pub(super) const LINT: &str = "\
Check mapping files without a network.

Finds what breaks at night: lines that do not parse, targets that two lines want, reversed directions, \
chains and cycles, names and sizes that no ConfigMap takes, files without an owner, files that no job \
reads. Every finding names its file, line and column.";

pub(super) const LINT_EXAMPLES: &str = "\
Examples:
  image-mirror lint mappings/
  image-mirror lint --strict --jobs-dir jobs mappings/
  image-mirror lint --allow-target 'quay.io/openshift/*' --output json mappings/

Exit codes:
  0  no error (warnings do not count, unless --strict)
  1  at least one finding is an error
  2  bad usage, or nothing could be read";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  image-mirror explain quay.io/openshift/origin-cli:4.12
  image-mirror explain quay.io/openshift/origin-cli:4.12 '/etc/imagemirror/mapping_*'

Exit codes:
  0  the target is as the files want it, or a run would make it so
  1  no line asks for it, or an end cannot be read
  2  bad usage
  3  nothing reachable";

pub(super) const CONFIGMAP_EXAMPLES: &str = "\
Examples:
  image-mirror configmap mappings/ | kubectl apply -f -
  image-mirror configmap --name image-mirror-mappings --namespace ci mappings/

Exit codes:
  0  it is printed
  1  it could not be written to standard output
  2  bad usage, or a file that cannot be read or has no room: nothing was printed";

pub(super) const VERSION_EXAMPLES: &str = "\
Examples:
  image-mirror version
  image-mirror version --json | jq -r .commit

Exit codes:
  0  it is printed
  2  bad usage";

pub(super) const PRUNE: &str = "\
Delete tags that kept an image for a while, once they are old enough.

Lists the tags of one repository, reads the time in each name that the scheme knows, and with --delete deletes \
those that are older than --older-than, in UTC, to the second. A dated tag counts from the end of its day. Without \
--delete nothing is deleted and the report says what would be. Tags of other names, and of dates that do not exist, \
are never deleted.

A tag is deleted by its name, never a manifest by its digest: what another tag names stays. A registry that cannot \
do that is left alone (exit 2).

If more tags are old enough than --max-delete or --max-fraction allows, nothing is deleted at all (exit 4): the \
scheme, the age or the clock may be wrong. A run that was stopped or failed in part is run again; it goes on with \
what is left.";

pub(super) const PRUNE_EXAMPLES: &str = "\
Examples:
  image-mirror prune-tags quay.io/openshift/ci --scheme backup --older-than 60days
  image-mirror prune-tags quay.io/openshift/ci --scheme backup --older-than 60days --delete
  image-mirror prune-tags quay.io/openshift/ci --scheme dated --older-than 1year --max-delete 5000
  image-mirror prune-tags quay.io/openshift/ci --scheme backup --older-than 60days --quay-token-file token --delete

Exit codes:
  0  what was old enough is deleted, or would be
  1  at least one tag could not be deleted, or the tags could not be listed
  2  bad usage, or the registry cannot delete a tag alone
  3  interrupted, over the deadline, or the registry not reachable: run again
  4  more tags are old enough than a bound allows: nothing was deleted";

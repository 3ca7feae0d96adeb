# A bare `make` lists the targets. Each needs only what it says; cargo is needed by all.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:

CARGO ?= cargo
# The name that `make image` gives, and the base it builds on: empty = a registry's Rust image, else one made here.
IMAGE ?= localhost/image-mirror:latest
BUILDER ?=
# Where the demo is mirrored to is in mappings/demo/mapping_demo: target/demo.
# Not a release build: that takes four times as long to make, and the demo is small.
PROGRAM = $(CARGO) run --locked --

# What the tests need that is no crate; promtool tries the alerts, two of them read YAML for a judge that shares nothing with the program,
# the last one makes room for moto.
TEST_PACKAGES = docker-registry=docker-registry skopeo=skopeo promtool=prometheus htpasswd=apache2-utils git=git \
  /usr/bin/python3=python3 /usr/lib/python3/dist-packages/yaml=python3-yaml \
  /var/lib/dpkg/info/python3-venv.list=python3-venv

.PHONY: help run test test-large chaos check audit advisories sbom fuzz bench bench-limits bench-stream bench-scale bench-listing image image-test image-publish image-again image-check lint-mappings configmap docs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build the program and mirror the demo, offline; a second run keeps everything
	@$(PROGRAM) run mappings/demo

test: ## run the whole suite, then build the image and look at it; installs the Debian packages that it needs where they are missing
	@.ci/install-packages $(TEST_PACKAGES)
	.ci/moto
	timeout --foreground 20m $(CARGO) test --locked
	.ci/docs
	# The users and mounts of an image are for root to make; CI is root.
	if [[ $${CI-} == true || $$(id -u) -eq 0 ]]; then .ci/image check; else echo 'not root: the image was not built, CI does' >&2; fi

test-large: ## run the end-to-end tests at full size (minutes, and a few GB of disk)
	@.ci/install-packages $(TEST_PACKAGES)
	.ci/moto
	$(CARGO) test --profile large --locked --test it -- --ignored large

chaos: ## ten minutes of faults, kills and moving tags, repeatable: SEED=…, ROUNDS=…, LINES=…, KILLS=… (docs/reliability.md)
	@# One that breaks prints its seed.
	$(CARGO) test --locked --test it -- --ignored --nocapture --exact chaos::the_whole_of_it

check: ## formatting, lints and documentation, warnings as errors
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --no-deps --locked

audit: ## crates, licences and sources against deny.toml; installs cargo-deny if it is missing
	@command -v cargo-deny > /dev/null || $(CARGO) install --locked cargo-deny
	cargo-deny --all-features check bans licenses sources

advisories: ## crates against the database of known faults, which is downloaded: what was found since it was last looked at
	@command -v cargo-deny > /dev/null || $(CARGO) install --locked cargo-deny
	cargo-deny --all-features check advisories

sbom: ## write what the program is made of to target/sbom.cdx.json (CycloneDX)
	@.ci/sbom target/sbom.cdx.json

fuzz: ## look for inputs that break what must hold: TARGET=…, SECONDS=… (660 each, in two hours all); outside CI
	@.ci/fuzz $(or $(SECONDS),660) $(TARGET)

bench: ## measure time, CPU, requests and bytes beside the machine's floor and skopeo: docs/performance.md (half an hour, 10 GB of memory)
	@.ci/install-packages docker-registry=docker-registry skopeo=skopeo curl=curl
	# Registries write every blob through to the disk; in memory they measure the program instead.
	export TMPDIR=$${TMPDIR:-$$([[ -w /dev/shm ]] && echo /dev/shm || echo /tmp)}
	$(CARGO) bench --locked --bench mirror

bench-limits: ## simulate registries with limits and print how they are met: docs/performance.md
	@# The clock is a virtual one: what is quick to build says the same.
	$(CARGO) bench --locked --profile dev --bench limits

bench-stream: ## memory and time of boot images of 1 GiB, beside curl: docs/performance.md (a minute or two, 10 GB of disk and of memory)
	@.ci/install-packages $(TEST_PACKAGES) curl=curl
	.ci/moto
	$(CARGO) bench --locked --bench stream

bench-scale: ## time, CPU and memory over 12,500 to 100,000 entries, and how linear they are
	$(CARGO) bench --locked --bench scale

bench-listing: ## count requests where registries list tags with digests: docs/performance.md
	$(CARGO) test --locked --test it e2e::listing -- --nocapture

image: ## build the container image with buildah or podman (IMAGE=…, BUILDER=… to name a base)
	@.ci/image build '$(IMAGE)' '$(BUILDER)'

image-test: image ## look at that image and run the demo in it: uid 65532, read-only root, no network (root)
	@.ci/image test '$(IMAGE)'

image-publish: ## that image with preflight besides, as IMAGE-publish: PREFLIGHT=file, PREFLIGHT_SHA256=…
	@.ci/image publish '$(IMAGE)' '$(PREFLIGHT)' '$(PREFLIGHT_SHA256)' '$(BUILDER)'

image-again: image ## build that image twice, the second time with nothing left of the first, and compare
	@.ci/image again '$(IMAGE)' '$(BUILDER)'

image-check: ## what CI does: both images from a quicker build, what is in them, and the demo (root, Debian, no registry)
	@.ci/image check

lint-mappings: ## check every file under mappings/ without a network
	@$(PROGRAM) lint mappings

configmap: ## print the ConfigMap that mappings/ becomes
	@$(PROGRAM) configmap mappings

docs: ## make the book of docs/ in target/book, and list its links to elsewhere in target/book-links.txt; installs mdBook there too
	@.ci/docs

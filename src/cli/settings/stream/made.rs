//! Flags and variables become what the commands of `stream` work with.

use std::num::NonZeroUsize;
use std::time::Duration;

use glob::Pattern;
use url::Url;

use super::super::{Draft, UsageError};
use super::{
    Destinations, Errand, PinSettings, Placing, Rewritten, Stream, StreamInput, StreamMirror, StreamPins,
    StreamPrune, StreamResolve, StreamRewrite, StreamValidate,
};
use crate::cli::args::value::{Count, Fraction, RepositoryName, Span, Truth};
use crate::cli::args::{
    AliasesName, ArtifactArgs, Dated, DestinationArgs, Epoch, Glob, HistoryWord, LayoutArgs, LevelWord,
    MirrorArgs, OcpVersion, PinArgs, PrefixMap, PrereleaseAction, PruneStreamArgs, ResolveArgs, RewriteArgs,
    ScopeWord, SignatureRule, SourceArgs, Status, StoreAddress, StreamAction, StreamMirrorCommand,
    StreamPinsCommand, StreamPruneCommand, StreamResolveCommand, StreamRewriteCommand, StreamValidateCommand,
    ValidateArgs, VerifyWord, WebAddress,
};
use crate::model::Key;
use crate::objects::Address;
use crate::stream::mirror::{Signatures, Verify};
use crate::stream::pins::Depth;
use crate::stream::plan::{Layout, LayoutSettings};
use crate::stream::prune::{Policy, PruneSettings};
use crate::stream::selection::Selection;

/// Files are large: a few at a time fill a line.
const JOBS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
const LEASE: Duration = Duration::from_hours(7 * 24);

fn on(flag: Option<Truth>) -> bool {
    flag.is_some_and(|truth| truth.0)
}

fn span(given: Option<Span>, usual: Duration) -> Duration {
    given.map_or(usual, |Span(span)| span)
}

fn web(address: Option<WebAddress>) -> Option<Url> {
    address.map(|WebAddress(url)| url)
}

fn patterns(globs: Vec<Glob>) -> Vec<Pattern> {
    globs.into_iter().map(|Glob(pattern)| pattern).collect()
}

impl Draft<'_> {
    /// None: something is missing or wrong, which is among the errors.
    pub(in crate::cli::settings) fn stream(&mut self, action: StreamAction) -> Option<Stream> {
        Some(match action {
            StreamAction::Mirror(args) => {
                Stream::Mirror(Box::new(self.stream_mirror(*args, Errand::Mirror)?))
            }
            StreamAction::Promote(args) => {
                Stream::Mirror(Box::new(self.stream_mirror(*args, Errand::Promote)?))
            }
            StreamAction::Prerelease(command) => {
                let PrereleaseAction::Publish(args) = command.action;
                Stream::Mirror(Box::new(self.stream_mirror(*args, Errand::Prerelease)?))
            }
            StreamAction::Rewrite(args) => Stream::Rewrite(Box::new(self.stream_rewrite(*args)?)),
            StreamAction::Validate(args) => Stream::Validate(Box::new(self.stream_validate(*args)?)),
            StreamAction::Resolve(args) => Stream::Resolve(Box::new(self.stream_resolve(*args)?)),
            StreamAction::Pins(args) => Stream::Pins(Box::new(self.stream_pins(*args))),
            StreamAction::Prune(args) => Stream::Prune(Box::new(self.stream_prune(*args)?)),
        })
    }

    fn stream_mirror(&mut self, args: StreamMirrorCommand, errand: Errand) -> Option<StreamMirror> {
        let mirror: MirrorArgs = args.mirror.over(self.group());
        let input = self.input(args.source, args.artifacts);
        let layout = self.layout_of(args.layout, errand);
        let version = layout.version.clone().map(Into::into);
        let placing = self.placing(&layout, on(mirror.sums));
        let rewritten = self.rewritten(args.rewrite);
        if errand != Errand::Mirror && rewritten.url.is_none() {
            self.errors.push(UsageError::Missing { flag: "url", such_as: "https://mirror.example.com/pub" });
        }
        let publish = self.key("publish-stream", mirror.publish_stream.as_deref());
        let destinations = self.destinations(args.destination);
        let is_full = on(mirror.force) || mirror.verify == Some(VerifyWord::Full);
        Some(StreamMirror {
            errand,
            input: input?,
            placing: placing?,
            version,
            rewritten,
            publish: publish?,
            destinations: destinations?,
            signatures: match mirror.signatures {
                Some(SignatureRule::Require) => Signatures::Require,
                Some(SignatureRule::Skip) => Signatures::Skip,
                Some(SignatureRule::BestEffort) | None => Signatures::BestEffort,
            },
            verify: if is_full { Verify::Full } else { Verify::Known },
            force: on(mirror.force),
            verify_uncompressed: on(mirror.verify_uncompressed),
            overwrite_differing: on(mirror.overwrite_differing),
            no_latest: on(mirror.no_latest),
            containers: mirror.containers.map(|RepositoryName(repository)| repository),
            from_origins: mirror.from_origins,
            state: mirror.state,
            lease: span(mirror.lease, LEASE),
            push_command: mirror.push_command,
            invalidate_command: mirror.invalidate_command,
            dry_run: on(args.write.over(self.group()).dry_run),
            pace: self.few(args.pace, JOBS),
            connection: self.connection(args.connection),
        })
    }

    fn stream_rewrite(&mut self, args: StreamRewriteCommand) -> Option<StreamRewrite> {
        let input = self.input(args.source, args.artifacts);
        let layout = self.layout_of(args.layout, Errand::Mirror);
        let placing = self.placing(&layout, false);
        let rewritten = self.rewritten(args.rewrite);
        if rewritten.file.is_none() {
            self.errors.push(UsageError::Missing { flag: "dest-stream", such_as: "-" });
        }
        if rewritten.url.is_none() && rewritten.maps.is_empty() {
            self.errors.push(UsageError::Missing { flag: "url", such_as: "https://mirror.example.com/pub" });
        }
        let connection = self.connection(args.connection);
        Some(StreamRewrite { input: input?, placing: placing?, rewritten, connection })
    }

    fn stream_validate(&mut self, args: StreamValidateCommand) -> Option<StreamValidate> {
        let validate: ValidateArgs = args.validate.over(self.group());
        let input = self.input(args.source, args.artifacts);
        Some(StreamValidate {
            input: input?,
            prefixes: validate.require_prefix.into_iter().map(|WebAddress(url)| url).collect(),
            level: validate.level.unwrap_or(LevelWord::Head),
            signatures: validate.signatures == Some(SignatureRule::Require),
            containers: on(validate.check_containers),
            changed_since: validate.changed_since,
            missing: validate.missing_status.into_iter().map(|Status(status)| status).collect(),
            pace: self.few(args.pace, JOBS),
            connection: self.connection(args.connection),
        })
    }

    fn stream_resolve(&mut self, args: StreamResolveCommand) -> Option<StreamResolve> {
        let resolve: ResolveArgs = args.resolve.over(self.group());
        let input = self.input(args.source, args.artifacts);
        let layout = self.layout_of(args.layout, Errand::Mirror);
        let placing = self.placing(&layout, false);
        let use_staging = on(resolve.use_staging);
        if use_staging && resolve.prefix.is_none() && resolve.staging_prefix.is_none() {
            self.errors
                .push(UsageError::Missing { flag: "staging-prefix", such_as: "https://staging.example.com" });
        }
        let staging = resolve.staging_prefix.filter(|_| use_staging);
        Some(StreamResolve {
            input: input?,
            placing: placing?,
            prefix: web(resolve.prefix.or(staging)),
            prefix_layout: resolve.prefix_layout,
            url: web(resolve.url),
            origins: resolve.origins,
            file: resolve.dest_stream,
            connection: self.connection(args.connection),
        })
    }

    fn stream_pins(&mut self, args: StreamPinsCommand) -> StreamPins {
        let pins = self.pins(args.pins);
        StreamPins { pins, connection: self.connection(args.connection) }
    }

    fn stream_prune(&mut self, args: StreamPruneCommand) -> Option<StreamPrune> {
        let prune: PruneStreamArgs = args.prune.over(self.group());
        let is_dry = on(args.write.over(self.group()).dry_run) || !on(prune.delete);
        let pins = self.pins(args.pins);
        let destinations = self.destinations(args.destination);
        let root = self.key("root", prune.root.as_deref());
        let usual = PruneSettings::default();
        let release = Policy {
            keep_latest: prune.keep_latest.unwrap_or(usual.release.keep_latest),
            min_age: span(prune.min_age, usual.release.min_age),
        };
        let pre_release = Policy {
            keep_latest: prune.pre_release_keep_latest.unwrap_or(release.keep_latest),
            min_age: span(prune.pre_release_min_age, release.min_age),
        };
        Some(StreamPrune {
            pins,
            destinations: destinations?,
            root: root?,
            dry_run: is_dry,
            check: on(prune.check),
            min_pins: prune.min_pins.map_or(usual.min_pins, |Count(count)| count.get()),
            accept_pin_drop: on(prune.accept_pin_drop),
            release,
            pre_release,
            mark_age: span(prune.mark_age, usual.grace),
            max_delete: prune.max_delete.map_or(usual.max_delete, |Count(count)| count.get()),
            max_fraction: prune.max_fraction.map_or(usual.max_fraction, |Fraction(fraction)| fraction),
            include_ga: on(prune.include_ga),
            trash_ttl: span(prune.trash_ttl, usual.trash_ttl),
            pace: self.few(args.pace, JOBS),
            connection: self.connection(args.connection),
        })
    }

    fn input(&mut self, source: SourceArgs, artifacts: ArtifactArgs) -> Option<StreamInput> {
        let (source, artifacts) = (source.over(self.group()), artifacts.over(self.group()));
        if source.src.is_none() {
            self.errors.push(UsageError::Missing { flag: "src", such_as: "rhcos.json" });
        }
        Some(StreamInput {
            src: source.src?,
            key: source.stream_key,
            selection: Selection {
                archs: patterns(artifacts.arch),
                artifacts: patterns(artifacts.artifact),
                formats: patterns(artifacts.format),
                kinds: patterns(artifacts.kind),
                allow_unmatched: on(artifacts.allow_unmatched),
            },
            allow_files: on(artifacts.allow_file),
        })
    }

    /// The layout flags; a pre-release has a layout of its own.
    fn layout_of(&mut self, args: LayoutArgs, errand: Errand) -> LayoutArgs {
        let mut args: LayoutArgs = args.over(self.group());
        if errand == Errand::Prerelease {
            if args.layout.is_some() {
                let instead = "a pre-release has the layout `prerelease`; drop the flag";
                self.errors.push(UsageError::Replaced { flag: "layout", instead });
            }
            args.layout = Some("prerelease".to_owned());
        }
        args
    }

    fn placing(&mut self, args: &LayoutArgs, sums: bool) -> Option<Placing> {
        let layout = Layout::parse(args.layout.as_deref().unwrap_or("build"), args.version.as_deref());
        let layout = layout.map_err(|why| self.wrong("layout", &why)).ok();
        let ocp = args.ocp.as_ref().and_then(|OcpVersion(text)| text.parse().ok());
        let settings = LayoutSettings { ocp, sums, ..LayoutSettings::new(layout?) };
        Some(Placing {
            settings,
            is_mirror_openshift: args.key_aliases == Some(AliasesName::MirrorOpenshift),
        })
    }

    fn rewritten(&mut self, args: RewriteArgs) -> Rewritten {
        let args: RewriteArgs = args.over(self.group());
        if args.url.is_some() && !args.map.is_empty() {
            let instead = "addresses come from `--url` and the layout; leave one of the two out";
            self.errors.push(UsageError::Replaced { flag: "map", instead });
        }
        let date = on(args.touch).then(|| self.environment.parameters::<Dated>(&mut self.errors));
        let date = date.and_then(|dated| dated.source_date_epoch).map(|Epoch(time)| time);
        Rewritten {
            url: web(args.url),
            maps: args.map.into_iter().map(|PrefixMap { from, to }| (from, to)).collect(),
            is_of_all: args.scope == Some(ScopeWord::All),
            drop_unselected: on(args.drop_unselected),
            touch: on(args.touch),
            date,
            file: args.dest_stream,
            origins: args.origins,
        }
    }

    /// One at least.
    fn destinations(&mut self, args: DestinationArgs) -> Option<Destinations> {
        let args: DestinationArgs = args.over(self.group());
        if args.dest.is_empty() {
            self.errors.push(UsageError::Missing { flag: "dest", such_as: "/srv/mirror" });
        }
        let mut addresses = Vec::new();
        let count = args.dest.len();
        for StoreAddress(text) in args.dest {
            match Address::parse(&text) {
                Ok(address) => addresses.push(address),
                Err(why) => self.wrong("dest", &why),
            }
        }
        let variables =
            self.environment.of_stores().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        (addresses.len() == count).then_some(Destinations { addresses, variables })
    }

    fn pins(&mut self, args: PinArgs) -> PinSettings {
        let args: PinArgs = args.over(self.group());
        if args.pin_stream.is_empty() && args.pin_git.is_empty() && args.pin_list.is_empty() {
            self.errors.push(UsageError::Missing { flag: "pin-stream", such_as: "rhcos.json" });
        }
        PinSettings {
            streams: args.pin_stream,
            git: args.pin_git,
            ignore_unreadable: on(args.pin_ignore_unreadable),
            lists: args.pin_list,
            depth: match args.pin_history {
                Some(HistoryWord::Tips) => Depth::Tip,
                Some(HistoryWord::All) | None => Depth::All,
            },
        }
    }

    /// The key that a flag names, if it was given.
    #[expect(clippy::option_option, reason = "none: it is wrong, which is among the errors")]
    fn key(&mut self, flag: &'static str, text: Option<&str>) -> Option<Option<Key>> {
        let Some(text) = text else { return Some(None) };
        match Key::parse(text.trim_matches('/')) {
            Ok(key) => Some(Some(key)),
            Err(why) => {
                self.wrong(flag, &why);
                None
            }
        }
    }

    fn wrong(&mut self, flag: &'static str, why: &(impl std::error::Error + 'static)) {
        self.errors.push(UsageError::Wrong { flag, why: crate::error::Chain(why).to_string() });
    }
}

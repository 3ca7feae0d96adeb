//! Where a cell is played: two registries, an image at one, an older one under the tag at the other.
//!
//! Of the new image one layer is to be moved and nothing else, so that each operation has one request.

use image_mirror::model::Host;
use image_mirror::registry::{self, Client, Credentials};
use tempfile::TempDir;

use super::ATTEMPTS;
use super::cell::{Cell, Times};
use super::operation::{Operation, Side};
use super::wrong::{Event, Location, PATIENCE, Wrong};
use crate::support::{
    Blob, FakeRegistry, Fault, Grant, Image, Index, Judge, Kind, Locations, RealRegistry, TokenServer,
};

/// Nobody listens there.
pub(super) const NOBODY: &str = "127.0.0.1:1";
/// Bytes of the layer that is to be moved.
pub(super) const LAYER: usize = 40_000;

/// The registries of one cell, and what is in them.
pub(super) struct Scene {
    pub(super) operation: Operation,
    pub(super) source: FakeRegistry,
    pub(super) target: FakeRegistry,
    pub(super) tokens: Option<TokenServer>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) new: Image,
    pub(super) old: Image,
    /// What refers to the new image, where that is looked at.
    pub(super) signature: Option<Image>,
    pub(super) is_real: bool,
    nobody: Option<Side>,
    folder: TempDir,
}

impl Scene {
    /// The scene for `cell`, in this process.
    pub(super) async fn fake(cell: &Cell) -> Self {
        let (operation, fault) = (cell.operation, cell.fault);
        let tokens = match operation.side() {
            Side::Tokens => Some(TokenServer::builder().anonymous([Grant::push("")]).start().await),
            Side::Source | Side::Target => None,
        };
        let build = |guarded: bool| {
            let mut builder = FakeRegistry::builder();
            if let Some(tokens) = tokens.as_ref().filter(|_| guarded) {
                builder = builder.bearer(tokens);
            }
            if operation == Operation::Referrers {
                builder = builder.referrers();
            }
            if fault.needs_tls() { builder.raw_http2() } else { builder }
        };
        let source = build(operation == Operation::PullToken).start().await;
        let target = match operation {
            Operation::Mount => source.clone(),
            _ => build(operation == Operation::PushToken).start().await,
        };
        let scene = Self::of(cell, source, target, tokens);
        scene.source.put_image(&scene.from, "v1", &scene.new);
        if let Some(signature) = &scene.signature {
            scene.source.put_untagged(&scene.from, signature);
        }
        scene.target.put_image(&scene.to, "v1", &scene.old);
        scene
    }

    /// The scene for `cell`, with both ends in front of `real`; `number` tells its repositories from others.
    pub(super) async fn real(cell: &Cell, (real, judge): (&RealRegistry, &Judge), number: usize) -> Self {
        let front = || FakeRegistry::builder().in_front_of(real.host()).start();
        let source = front().await;
        let target = if cell.operation == Operation::Mount { source.clone() } else { front().await };
        let mut scene = Self::of(cell, source, target, None);
        (scene.from, scene.to) = (format!("org/app-{number}"), format!("mirror/app-{number}"));
        scene.is_real = true;
        judge.push(&scene.from, "v1", &scene.new).await;
        judge.push(&scene.to, "v1", &scene.old).await;
        scene
    }

    fn of(cell: &Cell, source: FakeRegistry, target: FakeRegistry, tokens: Option<TokenServer>) -> Self {
        let image =
            |seed| Index::oci().child(&Image::oci().config("{}").layer_of(LAYER, seed).build()).build();
        let new = image(1);
        let signs = cell.operation == Operation::Referrers;
        let signature =
            signs.then(|| Image::artifact("application/vnd.example.signature").subject(&new).build());
        Self {
            operation: cell.operation,
            source,
            target,
            tokens,
            from: "org/app".to_owned(),
            to: "mirror/app".to_owned(),
            new,
            old: image(2),
            signature,
            is_real: false,
            nobody: (cell.fault == Wrong::Nobody).then(|| cell.operation.side()),
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    /// The blob that is to be moved.
    pub(super) fn layer(&self) -> &Blob {
        &self.new.children[0].layers()[0]
    }

    /// Whether the target has what refers to the image, if anything does.
    pub(super) fn is_signed(&self) -> bool {
        let has = |image: &Image| self.target.manifest(&self.to, image.digest.as_str()).is_some();
        self.signature.as_ref().is_none_or(has)
    }

    /// The registry that the operation goes to.
    pub(super) fn side(&self) -> &FakeRegistry {
        if self.operation.side() == Side::Source { &self.source } else { &self.target }
    }

    /// Where tokens come from, as messages show it.
    pub(super) fn realm(&self) -> String {
        match (&self.tokens, self.nobody) {
            (_, Some(Side::Tokens)) => format!("http://{NOBODY}/token"),
            (Some(tokens), _) => tokens.realm().to_owned(),
            (None, _) => String::new(),
        }
    }

    /// The host of a side as the line names it.
    fn host(&self, side: Side) -> &str {
        match side {
            _ if self.nobody == Some(side) => NOBODY,
            Side::Source => self.source.host(),
            Side::Target | Side::Tokens => self.target.host(),
        }
    }

    /// The line of a mapping file.
    pub(super) fn line(&self) -> String {
        let (from, to) = (self.host(Side::Source), self.host(Side::Target));
        let (from, to) = (format!("{from}/{}", self.from), format!("{to}/{}", self.to));
        match self.operation {
            Operation::TagList => format!("{from}:v* {to}\n"),
            _ => format!("{from}:v1 {to}:v1\n"),
        }
    }

    /// What has to be so that the operation happens at all.
    pub(super) fn prepare(&self) {
        match self.operation {
            Operation::Patch => self.target.fault(Fault::on(Kind::PutBlob).status(413)),
            Operation::HeadAfter => {
                let put = Fault::on(Kind::PutManifest).reference("v1");
                self.target.fault(put.always().without_header("docker-content-digest"));
            }
            _ => {}
        }
    }

    /// Makes it go wrong.
    pub(super) fn spoil(&self, cell: &Cell) {
        self.prepare();
        match cell.fault {
            Wrong::Location(location) if locations(location).is_some() => {
                self.target.configure(|config| config.locations = locations(location).expect("just seen"));
            }
            Wrong::Nobody if self.nobody == Some(Side::Tokens) => {
                let challenge = format!("Bearer realm=\"http://{NOBODY}/token\"");
                let fault = Fault::on(crate::support::any()).always().status(401);
                self.side_with_tokens().fault(fault.header("www-authenticate", &challenge));
            }
            _ => {}
        }
        if let Wrong::CutThen(_) = cell.fault {
            self.side().fault(Fault::on(self.operation.which(self)).cut_after(10_000));
        }
        let expired = cell.fault == Wrong::Expired && self.tokens.is_some();
        let which = if expired { Kind::HeadManifest.into() } else { self.operation.which(self) };
        let fault = Fault::on(which).after(self.operation.after());
        let fault = if cell.times == Times::Always { fault.always() } else { fault };
        if let Some(fault) = cell.fault.tell(fault) {
            match &self.tokens {
                Some(_) if expired => self.side_with_tokens().fault(fault),
                Some(tokens) => tokens.fault(fault),
                None => self.side().fault(fault),
            }
        }
    }

    fn side_with_tokens(&self) -> &FakeRegistry {
        if self.operation == Operation::PullToken { &self.source } else { &self.target }
    }

    /// How often something went wrong, preparations left out.
    pub(super) fn met(&self, fault: Wrong) -> usize {
        let prepared = match self.operation {
            Operation::Patch => 1,
            Operation::HeadAfter => self.target.count(crate::support::on(Kind::PutManifest).reference("v1")),
            _ => 0,
        };
        let tokens = self.tokens.as_ref().map_or(0, TokenServer::faults_met);
        let mut met = self.side().faults_met() + tokens;
        if self.operation == Operation::PullToken {
            met += self.source.faults_met();
        }
        match fault {
            // Nobody was there to count; an address of another form is met by whoever uses it.
            Wrong::Nobody if self.nobody != Some(Side::Tokens) => 1,
            Wrong::Location(location) if locations(location).is_some() => {
                self.target.count([Kind::PutBlob, Kind::PatchUpload, Kind::Elsewhere])
            }
            _ => met - prepared.min(met),
        }
    }

    /// All is well again.
    pub(super) fn healed(mut self, cell: &Cell) -> Self {
        self.source.clear_faults();
        self.target.clear_faults();
        if let Some(tokens) = &self.tokens {
            tokens.clear_faults();
        }
        self.nobody = None;
        if let Wrong::Meanwhile(Event::BlobVanished | Event::ManifestVanished) = cell.fault {
            self.source.put_image(&self.from, "v1", &self.new);
        }
        self.prepare();
        self
    }

    /// How many requests came, wherever they went.
    pub(super) fn requests(&self) -> usize {
        let target = if self.operation == Operation::Mount { 0 } else { self.target.requests().len() };
        self.source.requests().len() + target + self.tokens.as_ref().map_or(0, TokenServer::count)
    }

    /// A client as the program has it, with little patience.
    pub(super) fn client(&self) -> Client {
        use std::time::Duration as D;
        let (stall, patience) = if self.is_real {
            (D::from_secs(2), D::from_secs(2))
        } else {
            (D::from_mins(1), D::from_secs(PATIENCE))
        };
        let secured = [&self.source, &self.target].into_iter().filter(|registry| registry.speaks_tls());
        let authorities = secured.clone().enumerate().map(|(number, registry)| {
            let path = self.folder.path().join(format!("ca-{number}.pem"));
            std::fs::write(&path, registry.authority()).expect("a file");
            path
        });
        let options = registry::Options {
            attempts: ATTEMPTS,
            backoff_min: D::from_millis(1),
            backoff_max: D::from_millis(5),
            stall_timeout: stall,
            commit_timeout: stall,
            max_retry_after: patience,
            chunk_size: LAYER as u64 / 3 + 1,
            ca_files: authorities.collect(),
            tls: secured.map(|registry| Host::new(registry.host())).collect(),
            ..registry::Options::default()
        };
        Client::new(options, Credentials::anonymous(), Credentials::anonymous()).expect("a client")
    }

    /// What the target's tag must be one of, whatever happened.
    pub(super) fn allowed(&self) -> [&Image; 2] {
        [&self.old, &self.new]
    }
}

/// Forms of `Location` that a registry chooses.
fn locations(location: Location) -> Option<Locations> {
    Some(match location {
        Location::Relative => Locations::Relative,
        Location::RelativeWithQuery => Locations::RelativeWithQuery,
        Location::Absolute => Locations::Absolute,
        Location::AbsoluteWithQuery => Locations::AbsoluteWithQuery,
        Location::Elsewhere => Locations::Elsewhere,
        Location::Missing | Location::Nonsense | Location::OtherScheme => return None,
    })
}

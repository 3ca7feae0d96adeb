//! Reads one word of a mapping line: a source or a target, and what is wrong with it.
//!
//! What a source and a target mean together is the business of `grammar`.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::finding::Severity;
use crate::model::{DigestError, ImageRef, LayoutRef, Reference, ReferenceError, Repository, Tag, Version};
use crate::redact;

/// Something to say about bytes of a line. Its text never quotes them: they may hold a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) severity: Severity,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) span: Range<usize>,
}

impl Problem {
    pub(super) fn error(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), hint: None, span }
    }

    pub(super) fn warning(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A word and the byte of the line at which it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl Word<'_> {
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    fn part(&self, part: &Range<usize>) -> Range<usize> {
        self.start + part.start..self.start + part.end
    }
}

/// A pattern for tags: `*` stands for any run of characters, the rest for itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(glob::Pattern);

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        Tag::parse(&text.replace('*', "x")).ok()?;
        let mut single = text.to_owned();
        while single.contains("**") {
            single = single.replace("**", "*");
        }
        glob::Pattern::new(&single).ok().map(Self)
    }

    /// Whether the whole of `tag` is what the pattern says.
    #[must_use]
    pub fn matches(&self, tag: &Tag) -> bool {
        self.0.matches(tag.as_str())
    }

    /// The pattern; runs of `*` are one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What a source word says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// `tag` is what a target without a tag inherits.
    Image {
        image: ImageRef,
        tag: Option<Tag>,
    },
    Layout(LayoutRef),
    Wildcard {
        repository: Repository,
        pattern: Pattern,
    },
}

/// What a target word says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Registry { repository: Repository, tag: Option<Tag> },
    Layout(LayoutRef),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Source,
    Target,
}

impl End {
    fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// Reads the words of a line and gathers what there is to warn of.
#[derive(Debug)]
pub(super) struct WordReader {
    /// A target without a host is an error even when it has a `/`.
    pub(super) strict: bool,
    pub(super) warnings: Vec<Problem>,
}

impl WordReader {
    pub(super) fn source(&mut self, word: Word<'_>) -> Result<Source, Problem> {
        let word = self.without_scheme(word)?;
        if let Some(layout) = layout(word)? {
            return Ok(Source::Layout(layout));
        }
        if word.text.contains('*') {
            return self.wildcard(word);
        }
        let reference = parse(word, End::Source)?;
        self.source_host(word, &reference)?;
        let Reference { repository, tag, digest, .. } = reference;
        let version = match (digest, &tag) {
            (Some(digest), _) => Version::Digest(digest),
            (None, Some(tag)) => Version::Tag(tag.clone()),
            (None, None) => {
                let message = "the source has neither a tag nor a digest";
                return Err(Problem::error("untagged-source", word.span(), message)
                    .hint("write `:TAG` behind it, or `:*` if every tag of the repository is meant"));
            }
        };
        Ok(Source::Image { image: ImageRef::new(repository, version), tag })
    }

    pub(super) fn target(&mut self, word: Word<'_>) -> Result<Target, Problem> {
        let word = self.without_scheme(word)?;
        if let Some(layout) = layout(word)? {
            return Ok(Target::Layout(layout));
        }
        if let Some(at) = word.text.find('*') {
            let message = "a target cannot have a `*`";
            return Err(Problem::error("wildcard-target", word.part(&(at..at + 1)), message)
                .hint("leave out the tag: each tag that the source's pattern matches keeps its name"));
        }
        let reference = parse(word, End::Target)?;
        if reference.digest.is_some() {
            let at = word.text.find('@').unwrap_or_default();
            let message = "a target cannot have a digest";
            return Err(Problem::error("target-digest", word.part(&(at..word.text.len())), message)
                .hint("write a tag, or nothing to push a source with a digest by that digest only"));
        }
        self.target_host(word, &reference)?;
        self.web_address(word, &reference);
        Ok(Target::Registry { repository: reference.repository, tag: reference.tag })
    }

    /// Takes off `docker://` and refuses every other scheme.
    fn without_scheme<'a>(&mut self, word: Word<'a>) -> Result<Word<'a>, Problem> {
        if let Some(at) = redact::login(word.text) {
            return Err(login_problem(word, &at));
        }
        let Some((scheme, rest)) = word.text.split_once("://") else { return Ok(word) };
        let span = word.part(&(0..scheme.len() + 3));
        if scheme == "docker" {
            let message = "`docker://` is not needed and is left out";
            self.warnings.push(Problem::warning("docker-scheme", span, message));
            return Ok(Word { text: rest, start: word.start + scheme.len() + 3 });
        }
        let hint = match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" | "docker" => "write HOST/REPOSITORY:TAG without a scheme",
            "oci" => "write `oci:PATH[:TAG]`, without `//`",
            "file" | "s3" => "use an OCI layout directory, `oci:PATH[:TAG]`",
            _ => "write HOST/REPOSITORY:TAG or `oci:PATH[:TAG]`",
        };
        Err(Problem::error("scheme", span, "this scheme is not supported").hint(hint))
    }

    fn wildcard(&mut self, word: Word<'_>) -> Result<Source, Problem> {
        let slash = word.text.rfind('/').map_or(0, |at| at + 1);
        let colon = word.text[slash..].find(':').map(|at| slash + at);
        let star = word.text.find('*').unwrap_or_default();
        let Some(colon) = colon.filter(|colon| *colon < star && !word.text.contains('@')) else {
            let message = "a `*` is possible in the tag of a source only";
            return Err(Problem::error("wildcard-place", word.part(&(star..star + 1)), message)
                .hint("name each repository on a line of its own"));
        };
        let Some(pattern) = Pattern::parse(&word.text[colon + 1..]) else {
            let message = "not a pattern for tags";
            return Err(Problem::error(
                "wildcard-pattern",
                word.part(&(colon + 1..word.text.len())),
                message,
            )
            .hint("a pattern is a tag in which `*` stands for any run of characters"));
        };
        let name = Word { text: &word.text[..colon], start: word.start };
        let reference = parse(name, End::Source)?;
        self.source_host(name, &reference)?;
        Ok(Source::Wildcard { repository: reference.repository, pattern })
    }

    fn source_host(&mut self, word: Word<'_>, reference: &Reference) -> Result<(), Problem> {
        self.web_address(word, reference);
        if reference.has_host {
            return Ok(());
        }
        let meant = &reference.repository;
        let port = reference.tag.as_ref().is_some_and(|tag| is_port(tag.as_str()));
        if port && !word.text.contains('/') {
            let message = "this reads as an image of Docker Hub with a port number for a tag";
            return Err(Problem::error("host-less-source", word.span(), message).hint(format!(
                "write the repository behind the host, or `{meant}:TAG` if Docker Hub is meant"
            )));
        }
        let message = format!("the source has no host: Docker Hub's `{meant}` is taken");
        self.warnings.push(
            Problem::warning("host-less-source", word.span(), message)
                .hint(format!("write `{meant}`, or the host that is meant")),
        );
        Ok(())
    }

    fn target_host(&mut self, word: Word<'_>, reference: &Reference) -> Result<(), Problem> {
        if reference.has_host {
            return Ok(());
        }
        let meant = &reference.repository;
        let hint = format!("write the host, or `{meant}` if Docker Hub is meant");
        if self.strict || !word.text.contains('/') {
            let message = "the target has no host";
            return Err(Problem::error("host-less-target", word.span(), message).hint(hint));
        }
        let message = format!("the target has no host: it goes to Docker Hub's `{meant}`");
        self.warnings.push(Problem::warning("host-less-target", word.span(), message).hint(hint));
        Ok(())
    }

    fn web_address(&mut self, word: Word<'_>, reference: &Reference) {
        let Repository { host, name } = &reference.repository;
        if host.as_str() == "quay.io" && name.starts_with("repository/") {
            let message = "`quay.io/repository/…` is an address of quay's web pages";
            let rest = &name["repository/".len()..];
            self.warnings.push(
                Problem::warning("web-address", word.span(), message).hint(format!("write `quay.io/{rest}`")),
            );
        }
    }
}

/// What stands before an `@` is a login, unless it is a whole repository: then what follows is a bad digest.
fn login_problem(word: Word<'_>, login: &Range<usize>) -> Problem {
    let before = &word.text[login.clone()];
    let repository = before.contains('/') && Reference::parse(before).is_ok();
    if repository && login.start == 0 {
        let message = "what follows the `@` is not a digest of the form sha256:HEX";
        return Problem::error("digest", word.part(&(login.end + 1..word.text.len())), message);
    }
    Problem::error("login", word.part(login), "a login has no place in a mapping file")
        .hint("put it into a docker config (`--authfile`), and change the password: it was in this file")
}

fn parse(word: Word<'_>, end: End) -> Result<Reference, Problem> {
    Reference::parse(word.text).map_err(|(error, span)| {
        let (code, hint) = explain(word, error);
        let message = format!("the {} is not valid: {error}", end.name());
        let span = if span.is_empty() { word.span() } else { word.part(&span) };
        let problem = Problem::error(code, span, message);
        match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    })
}

fn explain(word: Word<'_>, error: ReferenceError) -> (&'static str, Option<&'static str>) {
    let text = word.text;
    let hint = |hint| Some(hint);
    match error {
        _ if text.contains(['"', '\'']) => ("reference", hint("quotes have no meaning in a mapping file")),
        _ if text.contains('$') => ("reference", hint("variables are not expanded in a mapping file")),
        _ if text.contains('=') => {
            ("reference", hint("a pair has one `=`; write further pairs behind a space"))
        }
        ReferenceError::Host if text.starts_with('[') => {
            ("host", hint("IPv6 addresses are not possible here; use a host name"))
        }
        ReferenceError::Host => {
            ("host", hint("a host is letters, digits, `-` and dots, then perhaps a colon and digits"))
        }
        ReferenceError::Format | ReferenceError::Name => (
            "repository",
            hint("path components are lower-case letters and digits, joined by `.`, `_`, `__` or dashes"),
        ),
        ReferenceError::Uppercase => ("repository-case", hint("write the repository in lower case")),
        ReferenceError::Length => ("repository-length", None),
        ReferenceError::NoRepository => ("no-repository", hint("write HOST/REPOSITORY:TAG")),
        ReferenceError::Tag => (
            "tag",
            hint(
                "a tag is up to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two",
            ),
        ),
        ReferenceError::Digest(DigestError::Case) => ("digest", hint("write it in lower case")),
        ReferenceError::Digest(_) => ("digest", hint("a digest is `sha256:` and 64 hex digits")),
    }
}

/// `oci:PATH[:TAG]`, unless the word is a registry reference (`oci:5000/a`).
fn layout(word: Word<'_>) -> Result<Option<LayoutRef>, Problem> {
    let Some(rest) = word.text.strip_prefix("oci:") else { return Ok(None) };
    match Reference::parse(word.text) {
        Ok(reference) if reference.has_host => return Ok(None),
        Ok(_) => {
            let message = "this may be a directory and may be an image of Docker Hub";
            return Err(Problem::error("ambiguous-layout", word.span(), message)
                .hint(format!("write `oci:./{rest}`, or `docker.io/library/{}`", word.text)));
        }
        Err(_) => {}
    }
    if let Some(at) = word.text.find(['*', '@']) {
        let message = "a layout takes neither a `*` nor a digest";
        return Err(Problem::error("layout", word.part(&(at..at + 1)), message)
            .hint("write `oci:PATH` or `oci:PATH:TAG`"));
    }
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match rest[slash..].rfind(':') {
        None => (rest, None),
        Some(at) => {
            let colon = slash + at;
            let tag = Tag::parse(&rest[colon + 1..]).map_err(|error| {
                let span = word.part(&(colon + "oci:".len()..word.text.len()));
                Problem::error("tag", span, format!("the layout is not valid: {error}"))
            })?;
            (&rest[..colon], Some(tag))
        }
    };
    if path.is_empty() {
        return Err(Problem::error("layout", word.span(), "a layout without a path")
            .hint("write `oci:PATH` or `oci:PATH:TAG`"));
    }
    Ok(Some(LayoutRef { path: plain(Path::new(path)), tag }))
}

/// The same path without `./` and trailing slashes, so that layouts compare by what they name.
fn plain(path: &Path) -> PathBuf {
    let plain: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if plain.as_os_str().is_empty() { PathBuf::from(".") } else { plain }
}

/// Whether a tag is rather a port: `registry:5000`, and not `postgres:16`, `centos:8` or a date.
fn is_port(tag: &str) -> bool {
    matches!(tag.len(), 4 | 5) && tag.parse::<u16>().is_ok_and(|number| number >= 1024) || tag == "443"
}

//! Histories: every stream file of every commit that is reached from some refs.
//!
//! An installer that was shipped has the pin of its own commit for ever, so the tips alone are not enough. A commit, a tree
//! and a file are each looked at once, by their ids: thousands of commits share nearly all of their trees. What was found
//! is kept, so that a later look at the same repository reads its refs and what is new.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use gix::bstr::ByteSlice as _;
use gix::objs::tree::EntryRef;
use gix::{ObjectId, Repository};

use super::error::Problem;
use super::globs::Glob;
use super::reading::read_stream;
use super::{Pin, PinnedBy};
use crate::model::Finding;

/// A repository in which stream files are kept.
#[derive(Debug, Clone)]
pub struct Git {
    /// Where a whole clone of it is; who fetches into it is not our business.
    pub repository: PathBuf,
    /// Which refs. Each must match one.
    pub refs: Vec<Glob>,
    /// Further refs that others may push to, such as `refs/pull/*/head`. Each must match one; what is there is no more
    /// trusted to make sense than an old commit is.
    pub extra_refs: Vec<Glob>,
    /// Which files. Each must match one at the tip of one of `refs`.
    pub paths: Vec<Glob>,
    /// Which commits.
    pub depth: Depth,
    /// Whether a file of an old commit, or of one of `extra_refs`, that is no stream file is passed over, rather than that
    /// it is not known what it pins. One at the tip of one of `refs` never is.
    pub ignore_unreadable: bool,
}

/// Which commits of a ref pin something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// All that are reached from it.
    #[default]
    All,
    /// The one that it names.
    Tip,
}

/// What was found in a repository until now.
#[derive(Debug, Default)]
pub(super) struct History {
    /// What all of it pins.
    pub(super) pins: Vec<Pin>,
    /// Files of commits that are no stream files and were passed over.
    pub(super) ignored: usize,
    commits: HashSet<ObjectId>,
    /// Trees by what they are and where: a glob may match in one place only.
    trees: HashSet<(ObjectId, String)>,
    /// Whether a file is a stream file.
    files: HashMap<ObjectId, bool>,
}

/// A ref, and what it names.
struct Tip {
    name: Arc<str>,
    commit: ObjectId,
}

/// Looks at the refs and all that is new below them.
///
/// # Errors
/// All that keeps it from being known what is pinned. Then `history` is of no use any more.
pub(super) fn read(git: &Git, history: &mut History) -> Result<(), Vec<Problem>> {
    if git.refs.is_empty() || git.paths.is_empty() {
        return Err(vec![Problem::Unasked]);
    }
    let look = Look::open(git).map_err(|problem| vec![problem])?;
    let (own, mut problems) = look.tips(&git.refs)?;
    let (extra, more) = look.tips(&git.extra_refs)?;
    problems.extend(more);
    problems.extend(look.own_tips(&own, history)?);
    for tip in own.iter().chain(&extra) {
        problems.extend(look.below(tip, history)?);
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// A look at a repository.
struct Look<'a> {
    git: &'a Git,
    repository: Repository,
}

/// A failed operation of the library.
impl From<gix::Error> for Problem {
    fn from(error: gix::Error) -> Self {
        Self::Git(error.into())
    }
}

impl From<Problem> for Vec<Problem> {
    fn from(problem: Problem) -> Self {
        vec![problem]
    }
}

impl<'a> Look<'a> {
    /// Opens it; neither the environment nor the user's settings have a say in that.
    fn open(git: &'a Git) -> Result<Self, Problem> {
        let mut repository = gix::open_opts(&git.repository, gix::open::Options::isolated())?;
        repository.object_cache_size(16 << 20);
        if git.depth == Depth::All && repository.is_shallow()? {
            return Err(Problem::Shallow);
        }
        Ok(Self { git, repository })
    }

    /// The refs that match, in the order of the globs; and the globs that match none.
    fn tips(&self, globs: &[Glob]) -> Result<(Vec<Tip>, Vec<Problem>), Problem> {
        let mut named = Vec::new();
        for reference in self.repository.references()?.all()? {
            let reference = reference?;
            named.push((reference.name().as_bstr().to_str_lossy().into_owned(), reference));
        }
        let (mut tips, mut problems): (Vec<Tip>, _) = (Vec::new(), Vec::new());
        for glob in globs {
            let mut matched = named.iter_mut().filter(|(name, _)| glob.is_ref(name)).peekable();
            if matched.peek().is_none() {
                problems.push(Problem::NoRef(Arc::clone(glob.text())));
            }
            for (name, reference) in matched {
                if !tips.iter().any(|tip| *tip.name == **name) {
                    tips.push(Tip { name: name.as_str().into(), commit: reference.peel_to_commit()?.id });
                }
            }
        }
        Ok((tips, problems))
    }

    /// What is at the tips themselves, all of which must make sense.
    fn own_tips(&self, tips: &[Tip], history: &mut History) -> Result<Vec<Problem>, Problem> {
        let (mut problems, mut found) = (Vec::new(), Vec::new());
        for tip in tips {
            let mut own = Vec::new();
            let tree = self.repository.find_commit(tip.commit)?.tree_id()?.detach();
            self.files(tree, "", None, &mut own)?;
            for file in &own {
                if let Err(findings) = self.file(tip, tip.commit, file, history)? {
                    problems.push(Problem::Content(findings));
                }
            }
            found.append(&mut own);
        }
        let is_absent = |glob: &&Glob| !found.iter().any(|(path, _)| glob.is_match(path));
        let absent = self.git.paths.iter().filter(is_absent);
        problems.extend(absent.map(|glob| Problem::NoPath(Arc::clone(glob.text()))));
        Ok(problems)
    }

    /// What is in the commits below a tip that were not seen before.
    fn below(&self, tip: &Tip, history: &mut History) -> Result<Vec<Problem>, Problem> {
        let (mut problems, mut due) = (Vec::new(), VecDeque::from([tip.commit]));
        while let Some(id) = due.pop_front() {
            if !history.commits.insert(id) {
                continue;
            }
            let commit = self.repository.find_commit(id)?;
            let decoded = commit.decode()?;
            if self.git.depth == Depth::All {
                due.extend(decoded.parents());
            }
            let mut found = Vec::new();
            self.files(decoded.tree(), "", Some(&mut history.trees), &mut found)?;
            for file in &found {
                match self.file(tip, id, file, history)? {
                    Err(findings) if !self.git.ignore_unreadable => problems.push(Problem::Content(findings)),
                    Err(_) => history.ignored += 1,
                    Ok(()) => {}
                }
            }
        }
        Ok(problems)
    }

    /// The files below a tree that match; none of a tree that was `seen` in its place.
    fn files(
        &self,
        tree: ObjectId,
        folder: &str,
        mut seen: Option<&mut HashSet<(ObjectId, String)>>,
        found: &mut Vec<(String, ObjectId)>,
    ) -> Result<(), Problem> {
        if let Some(seen) = &mut seen
            && !seen.insert((tree, folder.to_owned()))
        {
            return Ok(());
        }
        let tree = self.repository.find_tree(tree)?;
        let paths = &self.git.paths;
        let entries = tree.decode()?.entries;
        for entry in &entries {
            let name = entry.filename.to_str_lossy();
            let path = if folder.is_empty() { name.into_owned() } else { format!("{folder}/{name}") };
            if entry.mode.is_tree() {
                if paths.iter().any(|glob| glob.may_be_below(&path)) {
                    self.files(entry.oid.to_owned(), &path, seen.as_deref_mut(), found)?;
                }
            } else if paths.iter().any(|glob| glob.is_match(&path)) {
                let id = if entry.mode.is_link() { self.linked(entry.oid, &entries)? } else { None };
                found.push((path, id.unwrap_or_else(|| entry.oid.to_owned())));
            }
        }
        Ok(())
    }

    /// What a link leads to, if that is in its own folder.
    fn linked(&self, link: &gix::oid, folder: &[EntryRef<'_>]) -> Result<Option<ObjectId>, Problem> {
        let target = self.repository.find_blob(link)?;
        let found = folder.iter().find(|entry| entry.filename == target.data.as_bstr());
        Ok(found.map(|entry| entry.oid.to_owned()))
    }

    /// Takes a file in, once; why it is no stream file, each time.
    fn file(
        &self,
        tip: &Tip,
        commit: ObjectId,
        (path, id): &(String, ObjectId),
        history: &mut History,
    ) -> Result<Result<(), Vec<Finding>>, Problem> {
        if history.files.get(id) == Some(&true) {
            return Ok(Ok(()));
        }
        let content = self.repository.find_blob(*id)?;
        let read = read_stream(&format!("{path} of {} at {commit:.12}", tip.name), &content.data);
        history.files.insert(*id, read.is_ok());
        Ok(read.map(|named| {
            let by = PinnedBy::Commit {
                repository: self.git.repository.display().to_string().into(),
                reference: Arc::clone(&tip.name),
                commit: commit.to_string().into(),
                path: path.as_str().into(),
            };
            let pins =
                named.into_iter().map(|(arch, release)| Pin { arch: Some(arch), release, by: by.clone() });
            history.pins.extend(pins);
        }))
    }
}

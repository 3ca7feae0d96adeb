//! What can be wrong with a command line and the variables under it.

use crate::model::ShardError;

/// What is wrong with the command line or the environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// A variable holds what its flag does not take.
    #[error("the variable `{name}` says {message}")]
    Variable {
        /// The variable.
        name: String,
        /// What it says and what was expected.
        message: String,
    },
    /// A variable is not UTF-8.
    #[error("the variable `{name}` is not valid UTF-8: set it anew, or unset it")]
    Unreadable {
        /// The variable.
        name: String,
    },
    /// Two variables that stand for one flag.
    #[error("the variables `{first}` and `{second}` stand for one flag and say different things: unset one")]
    TwoVariables {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// A flag that others take, `oc image mirror` or a command beside, and that is an error here.
    #[error("`--{flag}` is not supported: {instead}")]
    Replaced {
        /// The flag without its dashes.
        flag: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// `SRC=DST` on the command line, as `oc` takes it.
    #[error(
        "`{word}` is no path: `SRC=DST` belongs into a file, or into standard input: \
         echo 'SRC DST' | image-mirror run -"
    )]
    Pair {
        /// The word, logins masked.
        word: String,
    },
    /// A name that Kubernetes does not take.
    #[error(
        "`{value}` of `--{flag}` is no name for Kubernetes: write lower-case letters, digits and `-` between them, such as \
         `{such_as}`"
    )]
    NoName {
        /// The flag without its dashes.
        flag: &'static str,
        /// What it says.
        value: String,
        /// One that is right.
        such_as: &'static str,
    },
    /// `--client-key` alone.
    #[error("`--client-key` needs `--client-cert` beside it")]
    KeyWithoutCertificate,
    /// A pod of an Indexed Job that does not say how many there are.
    #[error(
        "`JOB_COMPLETION_INDEX` says that this is one of the pods of an Indexed Job, but not of how many: set the \
         variable `JOB_COMPLETIONS` in the pod to the Job's `completions`, or pass `--shard I/N`"
    )]
    IndexWithoutCompletions,
    /// Neither a configuration nor a flag says which images.
    #[error(
        "nothing says what to mirror: name the configuration with `--config`, or pick ImageStreams with \
         `--namespace`, `--stream`, `--tag` or `--all-namespaces`"
    )]
    NothingPicked,
    /// A flag with a value that means nothing.
    #[error("`--{flag}`: {why}")]
    Wrong {
        /// The flag without its dashes.
        flag: &'static str,
        /// Why.
        why: String,
    },
    /// A flag that has no default.
    #[error("`--{flag}` is needed, such as `--{flag}={such_as}`")]
    Missing {
        /// The flag without its dashes.
        flag: &'static str,
        /// A value that it takes.
        such_as: &'static str,
    },
    /// ImageStreams of files and of a cluster.
    #[error("`--from-file` reads ImageStreams from files, so `--kubeconfig` and `--context` have no meaning")]
    FilesAndCluster,
    /// Standard input, which can be read once.
    #[error("`serve` reads the files again and again, and standard input (`--from-file -`) can be read once")]
    InputOfServe,
    /// A lease that would not hold long enough.
    #[error("`--lease-duration` is at least 15s: writes stop 5s before its end")]
    ShortLease,
    /// A lease and no cluster.
    #[error("`--lease` needs a cluster, and `--from-file` reads from none")]
    LeaseWithoutCluster,
    /// How a cluster is reached that is not asked for.
    #[error("`--kubeconfig` and `--context` say which cluster; add `--cluster` if ImageStreams are in one")]
    ClusterNotAsked,
    /// ImageStreams in files and in a cluster.
    #[error("`--imagestream-dir` and `--cluster` are two places for the same ImageStreams: leave one out")]
    DirectoryAndCluster,
    /// What only a cluster does.
    #[error("`--{flag}` needs a cluster: add `--cluster`")]
    NeedsCluster {
        /// The flag without its dashes.
        flag: &'static str,
    },
    /// Variables of an Indexed Job that make no shard.
    #[error("`JOB_COMPLETION_INDEX` and `JOB_COMPLETIONS` say `{said}`: {why}")]
    Indexed {
        /// Both, as a shard is written.
        said: String,
        /// Why it is none.
        why: ShardError,
    },
}

//! The ways in which registries differ, each a choice of the test.

/// What a registry answers to `POST …/uploads/?mount=D&from=R`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountPolicy {
    /// 201 where R has the blob, also when R is the target repository itself (Distribution).
    Always,
    /// 201 wherever any repository has the blob, whatever R is.
    Anywhere,
    /// 201 where R has the blob, but 202 when R is the target repository itself.
    OnlyOtherRepositories,
    /// 202, always.
    Never,
}

/// What the `Location` of an upload looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locations {
    /// `/v2/…`
    Relative,
    /// `/v2/…?_state=…`, another state after each PATCH, the old one refused.
    RelativeWithQuery,
    /// `http://HOST/v2/…`
    Absolute,
    /// `http://HOST/v2/…?_state=…`
    AbsoluteWithQuery,
    /// `http://ELSEWHERE/v2/…?_state=…`: uploads go to the second host
    Elsewhere,
}

impl Locations {
    pub(super) fn has_query(self) -> bool {
        !matches!(self, Self::Relative | Self::Absolute)
    }
}

/// Whether quay's own API of tags is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuayApi {
    /// 404
    Absent,
    /// For everybody
    Open,
    /// For this OAuth token; 401 for others
    Token(String),
}

/// How the registry behaves; every part can be changed while it runs ([`FakeRegistry::configure`]).
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// Most tags in a page. Default: no limit.
    pub page_size: usize,
    /// Whether manifests are answered with `Docker-Content-Digest`. Default: yes.
    pub digest_header: bool,
    /// Whether blobs can be had from an offset. Default: yes.
    pub ranges: bool,
    /// Default: [`MountPolicy::Always`].
    pub mounts: MountPolicy,
    /// Default: [`Locations::Absolute`], as Distribution.
    pub locations: Locations,
    /// Default: [`QuayApi::Absent`].
    pub quay_api: QuayApi,
    /// Whether there is a referrers API. Default: no, 404.
    pub referrers: bool,
    /// Most referrers in a page. Default: no limit.
    pub referrers_page: usize,
    /// Whether a registry with a referrers API says `OCI-Subject` to what it lists. Default: yes.
    pub subject_header: bool,
    /// Whether blobs are served by a redirect to the second host. Default: no.
    pub redirect_blobs: bool,
    /// What is answered to a token that does not grant enough. Default: 401, as Distribution.
    pub insufficient_scope: u16,
    /// What is answered to who deletes a tag alone; Distribution 2.8 says 400 or 405. Default: none, it does so.
    pub refuse_tag_deletion: Option<u16>,
    /// Whether a token to push is enough to delete, as quay has it. Default: no, it takes `delete`.
    pub push_deletes: bool,
    /// Whether tags are listed only for who logged in. Default: no.
    pub tags_for_logins: bool,
    /// Whether all tags of the repository are checked after each request that changes it; see
    /// [`FakeRegistry::assert_tags_were_always_whole`]. Default: yes.
    pub check_every_write: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            page_size: usize::MAX,
            digest_header: true,
            ranges: true,
            mounts: MountPolicy::Always,
            locations: Locations::Absolute,
            quay_api: QuayApi::Absent,
            referrers: false,
            referrers_page: usize::MAX,
            subject_header: true,
            redirect_blobs: false,
            insufficient_scope: 401,
            refuse_tag_deletion: None,
            push_deletes: false,
            tags_for_logins: false,
            check_every_write: true,
        }
    }
}

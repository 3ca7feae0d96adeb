//! What is wanted of a stream and where each file belongs. Pure: everything that could clash is found before a byte moves.
//!
//! [`Layout`] says where a file belongs, [`plan`] puts all files of a stream there.

mod claims;
mod directories;
mod key_aliases;
mod layout;
mod make;
mod place;
mod rename;
mod template;
#[cfg(test)]
mod tests;
mod wanted;

pub use key_aliases::{AliasError, KeyAliases};
pub use layout::{Layout, LayoutError, LayoutSettings, Ocp};
pub use make::plan;
pub use rename::{ReleaseVersion, VersionError};
pub use template::{Found, Placeholder, RenderError, Template, TemplateError, Values};
pub use wanted::{Directory, Plan, Wanted};

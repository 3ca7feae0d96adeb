//! `stream`: a file a command. Each reads the stream file, says what is wrong with it, and hands it to the family.

mod input;
mod mirror;
mod pins;
mod placed;
mod prune;
mod published;
mod refused;
mod resolve;
mod rewrite;
mod stores;
mod validate;

use super::exit::Exit;
use super::output::Output;
use super::settings::Stream;

/// Does what `settings` say.
pub(super) async fn stream(settings: Stream, output: &Output) -> Exit {
    match settings {
        Stream::Mirror(settings) => mirror::mirror(&settings, output).await,
        Stream::Rewrite(settings) => rewrite::rewrite(&settings, output).await,
        Stream::Validate(settings) => validate::validate(&settings, output).await,
        Stream::Resolve(settings) => resolve::resolve(&settings, output).await,
        Stream::Pins(settings) => pins::pins(&settings, output).await,
        Stream::Prune(settings) => prune::prune(&settings, output).await,
    }
}

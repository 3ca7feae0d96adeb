//! stub
use super::{RenderError, Report};
/// stub
///
/// # Errors
/// stub
pub fn html(_report: &Report) -> Result<String, RenderError> {
    Ok(String::new())
}

//! What the API can be asked to do.

use image_mirror::model::Digest;
use serde_json::{Value, json};

use super::api::{Reply, not_found, refused};
use super::state::State;
use crate::support::registry::Glance;

/// Something that the API was asked to do with an image.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) image: String,
    pub(super) operation: String,
    status: String,
    message: String,
    number: usize,
}

impl Asked {
    pub(super) fn json(&self) -> Value {
        json!({
            "_id": format!("{:024x}", 0x9_0000 + self.number), "operation": self.operation, "image_id": self.image,
            "status": self.status, "status_message": self.message,
            "creation_date": format!("2026-01-01T00:{:02}:{:02}.000000+00:00", self.number / 60, self.number % 60),
        })
    }
}

impl State {
    /// Takes a request in, and carries it out at once.
    pub(super) fn ask(&mut self, body: &Value, glance: &Glance<'_>) -> Reply {
        let operation = body["operation"].as_str().unwrap_or_default().to_owned();
        let digests: Vec<Digest> = match operation.as_str() {
            "publish-manifest-list" => {
                let list = body["manifest_list_digest"].as_str().and_then(|text| Digest::parse(text).ok());
                let Some(list) = list else { return refused(400, "manifest_list_digest is missing") };
                glance.children(&list).into_iter().map(|(_, child)| child).collect()
            }
            "publish" | "sync-tags" => {
                let id = body["image_id"].as_str().unwrap_or_default();
                self.records
                    .iter()
                    .filter(|record| record.id == id)
                    .map(|record| record.digest.clone())
                    .collect()
            }
            _ => return refused(400, "this stand-in knows no such operation"),
        };
        let known: Vec<_> =
            self.records.iter().filter(|record| digests.contains(&record.digest)).cloned().collect();
        if known.is_empty() || known.len() < digests.len() {
            return not_found();
        }
        let (status, message) = self.ends.clone().unwrap_or_else(|| ("completed".into(), String::new()));
        for record in &known {
            let operation = if operation == "sync-tags" { "sync-tags" } else { "publish" }.to_owned();
            let (image, number) = (record.id.clone(), self.asked.len());
            let (status, message) = (status.clone(), message.clone());
            self.asked.push(Asked { image, operation, status, message, number });
        }
        if status == "completed" {
            for record in &known {
                self.carry_out(&operation, &record.digest, glance);
            }
        }
        let last = self.asked.last().map(Asked::json).unwrap_or_default();
        Reply(201, last)
    }

    fn carry_out(&mut self, operation: &str, digest: &Digest, glance: &Glance<'_>) {
        if operation != "sync-tags" {
            self.publish(digest);
            return;
        }
        let is_it = |tagged: &Digest| glance.children(tagged).iter().any(|(_, child)| child == digest);
        let tags = glance.tags().iter().filter(|(_, tagged)| is_it(tagged)).map(|(tag, _)| tag.clone());
        self.record(digest, None).tags = tags.collect();
    }
}

//! JSON objects of which single fields are changed, and all else stays to the letter: what names an image is its bytes, and a
//! number that is read and written may lose digits.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// A JSON object. Its fields keep their order, and those that nobody sets their text.
#[derive(Debug, Clone, Default)]
pub(super) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    /// A field, read; none: there is no such field.
    pub(super) fn field<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        let field = self.0.iter().find(|(own, _)| own == name);
        field.map(|(_, value)| serde_json::from_str(value.get())).transpose()
    }

    /// Sets a field in its place; one that is new goes behind the others.
    pub(super) fn set(&mut self, name: &str, value: &impl Serialize) -> Result<(), serde_json::Error> {
        let value = to_raw_value(value)?;
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
        Ok(())
    }

    /// Takes a field away, if it is there.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(own, _)| own != name);
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Object, A::Error> {
        let mut object = Object::default();
        while let Some((name, value)) = fields.next_entry::<String, Box<RawValue>>()? {
            if object.0.iter().any(|(own, _)| *own == name) {
                // Readers differ in which of the two counts.
                return Err(A::Error::custom(format!("the field `{name}` is there twice")));
            }
            object.0.push((name, value));
        }
        Ok(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_keeps_its_place_and_its_text() {
        let text = r#"{"z": 1.50,"a":{"n":  12345678901234567890.10},"b":[1e3]}"#;
        let mut object: Object = serde_json::from_str(text).unwrap();
        object.set("a", &"new").unwrap();
        object.set("c", &2).unwrap();
        object.remove("no such field");
        assert_eq!(serde_json::to_string(&object).unwrap(), r#"{"z":1.50,"a":"new","b":[1e3],"c":2}"#);
        assert_eq!(object.field::<String>("a").unwrap().as_deref(), Some("new"));
    }

    #[test]
    fn an_object_that_says_a_field_twice_is_none() {
        let error = serde_json::from_str::<Object>(r#"{"a":1,"a":2}"#).unwrap_err();
        assert!(error.to_string().starts_with("the field `a` is there twice"), "{error}");
    }
}

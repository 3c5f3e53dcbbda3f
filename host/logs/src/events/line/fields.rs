//! Selects fields of a JSON object in one pass and skips the others without building values.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A string that is borrowed unless it has escapes. Unlike `Cow<str>`, it is borrowed within an `Option` as well.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_string())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// The selected fields, unparsed, and the number of all fields of the object.
#[derive(Debug)]
pub(super) struct Fields<'a, const N: usize> {
    names: &'static [&'static str; N],
    values: [Option<&'a RawValue>; N],
    pub(super) count: usize,
}

impl<'a, const N: usize> Fields<'a, N> {
    /// Selects fields of an object. The last value of a repeated name wins.
    pub(super) fn pick(
        object: &'a str,
        names: &'static [&'static str; N],
    ) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(object);
        let found = reader.deserialize_map(FieldsVisitor(names))?;
        reader.end()?;
        Ok(found)
    }

    /// Returns a field as JSON.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        let at = self.names.iter().position(|known| *known == name)?;
        self.values[at].map(RawValue::get)
    }

    /// Parses a field; `None` if it is missing or of another type.
    pub(super) fn get<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// Returns a string field; empty if it is missing or not a string.
    pub(super) fn text(&self, name: &str) -> Cow<'a, str> {
        self.get::<Text<'a>>(name).unwrap_or_default().0
    }
}

struct FieldsVisitor<const N: usize>(&'static [&'static str; N]);

impl<'de, const N: usize> Visitor<'de> for FieldsVisitor<N> {
    type Value = Fields<'de, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Fields { names: self.0, values: [None; N], count: 0 };
        while let Some(key) = map.next_key::<Text<'de>>()? {
            found.count += 1;
            match self.0.iter().position(|name| *name == key.0) {
                Some(at) => found.values[at] = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_selected_and_counted() {
        let object =
            r#"{"a": 1, "b": {"a": 2}, "text": "x\ny", "a": true, "other": [1, {"b": 3}]}"#;
        let fields = Fields::pick(object, &["a", "b", "text", "missing"]).unwrap();
        assert_eq!(fields.count, 5);
        assert_eq!((fields.get::<bool>("a"), fields.get::<i64>("a")), (Some(true), None));
        assert_eq!(fields.raw("b"), Some(r#"{"a": 2}"#));
        assert_eq!(
            (&*fields.text("text"), &*fields.text("b"), &*fields.text("missing")),
            ("x\ny", "", "")
        );
        // An unpaired surrogate, which Python can write, affects only its own field.
        let half = Fields::pick(r#"{"a": "\ud83d", "b": "whole"}"#, &["a", "b"]).unwrap();
        assert_eq!((&*half.text("a"), &*half.text("b")), ("", "whole"));
        for broken in ["[1]", "{\"a\": 1", "{} {}", "{\"a\" 1}", "\"a\"", ""] {
            assert!(Fields::pick(broken, &["a"]).is_err(), "{broken}");
        }
    }
}

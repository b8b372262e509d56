//! A plugin's `config`: JSON in one canonical form, and where each of its values was written.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Error;

use super::source::{Errors, Place};
use super::table::place;
use super::template::{Known, Matched, Template};

/// The `config` of an action or a deployment: a table.
#[derive(Clone, PartialEq, Debug)]
pub struct ConfigSpec {
    value: Value,
    /// JSON pointers in byte order.
    places: Box<[(Box<str>, Place)]>,
    place: Place,
}

impl ConfigSpec {
    /// `{}`; `place` is that of the table it could stand in.
    pub(super) fn empty(place: Place) -> ConfigSpec {
        ConfigSpec {
            value: Value::Object(serde_json::Map::new()),
            places: Box::default(),
            place,
        }
    }

    /// Tells what JSON cannot hold, and with `for_each` wrong placeholders.
    pub(super) fn read(
        table: &DeTable<'_>,
        at: Place,
        for_each: bool,
        errors: &Errors<'_>,
    ) -> ConfigSpec {
        let mut reading = Reading {
            places: Vec::new(),
            for_each,
            errors,
        };
        let value = reading.table(table, &mut String::new());
        let mut places = reading.places;
        places.sort_unstable();
        ConfigSpec {
            value,
            places: places.into(),
            place: at,
        }
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Keys in byte order, no white space.
    pub fn canonical(&self) -> String {
        canonical(&self.value)
    }

    /// With the placeholders of `for_each` filled in all texts, canonical.
    pub fn expand(&self, matched: &Matched) -> String {
        canonical(&filled(&self.value, matched))
    }

    /// Where the value at a JSON pointer (`/theme/colors/0`) was written, else what it would stand in.
    pub fn position_of(&self, pointer: &str) -> Place {
        let mut pointer = pointer;
        loop {
            if let Ok(found) = self
                .places
                .binary_search_by(|(known, _)| (**known).cmp(pointer))
            {
                return self.places[found].1;
            }
            match pointer.rsplit_once('/') {
                Some((parent, _)) => pointer = parent,
                None => return self.place,
            }
        }
    }
}

struct Reading<'e> {
    places: Vec<(Box<str>, Place)>,
    for_each: bool,
    errors: &'e Errors<'e>,
}

impl Reading<'_> {
    fn table(&mut self, table: &DeTable<'_>, pointer: &mut String) -> Value {
        let mut object = serde_json::Map::new();
        for (key, value) in table {
            let name = key.get_ref();
            let step = name.replace('~', "~0").replace('/', "~1");
            let value = self.below(value, &step, pointer);
            object.insert(name.to_string(), value);
        }
        Value::Object(object)
    }

    fn below(&mut self, value: &Spanned<DeValue<'_>>, step: &str, pointer: &mut String) -> Value {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(step);
        self.places.push((pointer.as_str().into(), place(value)));
        let json = self.value(value, pointer);
        pointer.truncate(length);
        json
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, pointer: &mut String) -> Value {
        let at = place(value);
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, pointer),
            DeValue::Array(items) => {
                let items = items.iter().enumerate();
                let items =
                    items.map(|(index, item)| self.below(item, &index.to_string(), pointer));
                Value::Array(items.collect())
            }
            DeValue::String(text) => {
                self.check(text, at);
                Value::String(text.to_string())
            }
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Datetime(date) => Value::String(date.to_string()),
            DeValue::Integer(integer) => {
                match i64::from_str_radix(integer.as_str(), integer.radix()) {
                    Ok(number) => number.into(),
                    Err(_) => self.too_large(&integer.to_string(), "an integer of 64 bits", at),
                }
            }
            DeValue::Float(float) => {
                let number = float.as_str().parse().ok();
                match number.and_then(serde_json::Number::from_f64) {
                    Some(number) => number.into(),
                    None => self.too_large(float.as_str(), "a finite number", at),
                }
            }
        }
    }

    fn check(&self, text: &str, at: Place) {
        let known = Known {
            needs: None,
            for_each: true,
        };
        if self.for_each
            && let Err(error) = Template::parse(text, &known)
        {
            self.errors.push(at, error);
        }
    }

    fn too_large(&self, text: &str, wanted: &str, at: Place) -> Value {
        let error = Error::config(format!("`{text}` is not {wanted}, and JSON has no other"));
        self.errors.push(
            at,
            error.hint("write it as a string, if the plugin takes one"),
        );
        Value::Null
    }
}

fn filled(value: &Value, matched: &Matched) -> Value {
    let known = Known {
        needs: None,
        for_each: true,
    };
    match value {
        Value::String(text) => match Template::parse(text, &known) {
            Ok(template) => Value::String(template.expand(Some(matched))),
            Err(_) => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, matched)).collect(),
        Value::Object(object) => {
            let entries = object.iter();
            let entries = entries.map(|(key, value)| (key.clone(), filled(value, matched)));
            Value::Object(entries.collect())
        }
        other => other.clone(),
    }
}

/// Keys in byte order, no white space, numbers as short as they can be: equal values have equal texts.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(object) => {
            // A map keeps its keys in order of insertion if any crate of the build asks for that.
            let mut entries: Vec<(&String, &Value)> = object.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

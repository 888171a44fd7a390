//! Data of an exported page: gzip of JSON in which every value is stored once. Systems of one scenario
//! under different schemes are mostly equal, and so are their traces; plain JSON would be a hundred times
//! as large.
//!
//! The JSON is a list of values. A string, number, boolean or null stands for itself; a list is
//! `[0, item, ...]`, an object `[keys, value, ...]`, where items, values and keys are numbers of earlier
//! values, and keys are a list. The first value is null, so that no keys have the number 0. The last value
//! is all of it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_json::Value;

/// An object that is packed field by field: only what is new in each takes room.
pub struct Pack {
    values: Vec<String>,
    numbers: HashMap<String, usize>,
    fields: Vec<(String, usize)>,
}

impl Default for Pack {
    fn default() -> Pack {
        let mut pack = Pack {
            values: Vec::new(),
            numbers: HashMap::new(),
            fields: Vec::new(),
        };
        pack.add("null".to_owned());
        pack
    }
}

impl Pack {
    /// Adds a field.
    pub fn field(&mut self, name: impl Into<String>, value: &impl Serialize) {
        let value = serde_json::to_value(value).expect("plain data");
        let number = self.number(&value);
        self.fields.push((name.into(), number));
    }

    /// The packed object.
    pub fn finish(mut self) -> Vec<u8> {
        let fields = std::mem::take(&mut self.fields);
        let keys: Vec<usize> = fields.iter().map(|(k, _)| self.add(json(k))).collect();
        let keys = self.list(0, &keys);
        let values: Vec<usize> = fields.iter().map(|(_, v)| *v).collect();
        let all = self.list(keys, &values);
        // The whole is the last, even if it is also a part of itself.
        if all + 1 != self.values.len() {
            self.values.push(self.values[all].clone());
        }
        let text = format!("[{}]", self.values.join(","));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(text.as_bytes())
            .and_then(|()| gzip.finish())
            .expect("memory does not fail to be written")
    }

    fn add(&mut self, text: String) -> usize {
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        let number = self.values.len();
        self.values.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    fn number(&mut self, value: &Value) -> usize {
        match value {
            Value::Array(items) => {
                let items: Vec<usize> = items.iter().map(|item| self.number(item)).collect();
                self.list(0, &items)
            }
            Value::Object(fields) => {
                let keys: Vec<usize> = fields.keys().map(|k| self.add(json(k))).collect();
                let keys = self.list(0, &keys);
                let values: Vec<usize> = fields.values().map(|v| self.number(v)).collect();
                self.list(keys, &values)
            }
            plain => self.add(json(plain)),
        }
    }

    fn list(&mut self, head: usize, items: &[usize]) -> usize {
        let mut text = format!("[{head}");
        for item in items {
            let _ = write!(text, ",{item}");
        }
        text.push(']');
        self.add(text)
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("plain data")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serde_json::json;

    use super::*;

    /// As the page reads it.
    fn unpack(bytes: &[u8]) -> Value {
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes)
            .read_to_string(&mut text)
            .unwrap();
        let packed: Vec<Value> = serde_json::from_str(&text).unwrap();
        let mut values: Vec<Value> = Vec::new();
        for item in packed {
            let value = match item {
                Value::Array(items) => {
                    let at = |n: &Value| usize::try_from(n.as_u64().unwrap()).unwrap();
                    let rest: Vec<Value> =
                        items[1..].iter().map(|n| values[at(n)].clone()).collect();
                    match at(&items[0]) {
                        0 => Value::Array(rest),
                        keys => {
                            let keys = values[keys].as_array().unwrap().clone();
                            let keys = keys.into_iter().map(|k| k.as_str().unwrap().to_owned());
                            Value::Object(keys.zip(rest).collect())
                        }
                    }
                }
                plain => plain,
            };
            values.push(value);
        }
        values.pop().unwrap()
    }

    #[test]
    fn what_is_packed_comes_back() {
        assert_eq!(unpack(&Pack::default().finish()), json!({}));
        for value in [
            json!(null),
            json!([]),
            json!({}),
            json!([[], {}, null, 0, "0", [0], [[0]]]),
            json!({"a": [1, 2, {"b": "a"}], "b": {"a": [1, 2, {"b": "a"}]}, "→": true, "x": -1.5}),
        ] {
            let mut pack = Pack::default();
            pack.field("a", &value);
            pack.field("b", &value);
            assert_eq!(unpack(&pack.finish()), json!({"a": value, "b": value}));
        }
    }
}

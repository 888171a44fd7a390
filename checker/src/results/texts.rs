//! What texts of a committed file may hold: whoever wrote the file must not forge a line of a report, a command of a CI
//! server, or XML that is none.

use std::fmt;

use foliocheck_specs::names::{ALLOWED, forbidden, is_name, one_line};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Fields that hold a name, wherever they stand: it becomes part of file names, commands and lines of reports.
const NAMES: [&str; 4] = ["scheme", "scenario", "invariant", "trace"];

/// Looks at every text in some JSON: all are of one line, and names are names.
///
/// # Errors
/// If one is not: its line, column and field, and what is allowed. If the text is not JSON.
pub fn check(text: &str) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    Looking(&Place::Top).deserialize(&mut json)?;
    json.end()
}

/// Where a value stands.
enum Place<'p> {
    Top,
    Field(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    /// The innermost field.
    fn field(&self) -> &str {
        match self {
            Place::Top => "",
            Place::Field(_, name) => name,
            Place::Item(list, _) => list.field(),
        }
    }

    fn check<E: Error>(&self, text: &str) -> Result<(), E> {
        if NAMES.contains(&self.field()) && !is_name(text) {
            let shown = one_line(text);
            return Err(E::custom(format!(
                "{self}: `{shown}` is no name; expected {ALLOWED}"
            )));
        }
        self.check_line(text)
    }

    fn check_line<E: Error>(&self, text: &str) -> Result<(), E> {
        forbidden(text, false).map_or(Ok(()), |(_, c)| {
            let c = c.escape_default();
            Err(E::custom(format!("{self}: expected one line without {c}")))
        })
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Top => Ok(()),
            Place::Field(Place::Top, name) => f.write_str(&one_line(name)),
            Place::Field(above, name) => write!(f, "{above}.{}", one_line(name)),
            Place::Item(list, at) => write!(f, "{list}[{at}]"),
        }
    }
}

/// Visits a value that stands there.
struct Looking<'p>(&'p Place<'p>);

impl<'de> DeserializeSeed<'de> for Looking<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Looking<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.check(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut at = 0;
        while list
            .next_element_seed(Looking(&Place::Item(self.0, at)))?
            .is_some()
        {
            at += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            let place = Place::Field(self.0, &name);
            place.check_line(&name)?;
            fields.next_value_seed(Looking(&place))?;
        }
        Ok(())
    }
}

//! Numbers that may be switched off in a file where a key left out takes its default: `0.1` or `"off"`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a number or \"off\"")]
enum Setting {
    On(f64),
    Off(Word),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Off,
}

pub(crate) fn serialize<S: Serializer>(
    value: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(number) => Setting::On(*number),
        None => Setting::Off(Word::Off),
    }
    .serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<f64>, D::Error> {
    Ok(match Setting::deserialize(deserializer)? {
        Setting::On(number) => Some(number),
        Setting::Off(Word::Off) => None,
    })
}

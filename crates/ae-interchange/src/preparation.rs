//! How images are brought to a model, as an exported file says it.

/// How images are brought to a model, in the words that files carry: whoever runs the file elsewhere has to do the same.
///
/// What holds for every model is not in here: pixels are `f32` from 0, black, to 1, white, a byte divided by 255; gray is
/// 0.2126 red + 0.7152 green + 0.0722 blue (ITU-R BT.709).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImagePreparation {
    /// How an image of another proportion is brought to the model's size: `stretch`, `crop`, `pad`.
    pub fit: String,
    /// Rows and columns of the patches that the model was trained on; `None` for whole images.
    pub patch: Option<usize>,
    /// The values of black and white in pictures of more than 8 bits, `0..4095`; `None` where they are found out from each.
    pub deep_range: Option<String>,
    /// How images are made black and white; `None` for gray and color.
    pub binarization: Option<String>,
}

/// The weights of red, green and blue in a gray pixel, ITU-R BT.709.
const GRAY_WEIGHTS: &str = "[0.2126,0.7152,0.0722]";

impl ImagePreparation {
    /// Keys and values, for a file's metadata.
    pub(crate) fn entries(
        &self,
        input_shape: [usize; 3],
        takes_any_size: bool,
    ) -> Vec<(&'static str, String)> {
        let [channels, height, width] = input_shape;
        let mut entries = vec![
            ("input_shape", format!("[{channels},{height},{width}]")),
            ("sizes", sizes(takes_any_size).to_owned()),
            ("channels", channels_name(channels)),
            ("range", "0..1".to_owned()),
            ("gray_weights", GRAY_WEIGHTS.to_owned()),
            ("fit", self.fit.clone()),
        ];
        let optional = [
            ("patch", self.patch.map(|side| side.to_string())),
            ("deep_range", self.deep_range.clone()),
            ("binarization", self.binarization.clone()),
        ];
        entries.extend(
            optional
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?))),
        );
        entries.push(("preparation", self.sentences(input_shape, takes_any_size)));
        entries
    }

    /// The same in sentences, for people.
    pub(crate) fn sentences(&self, input_shape: [usize; 3], takes_any_size: bool) -> String {
        let [channels, height, width] = input_shape;
        let mut text =
            "Images are float32 [batch, channels, height, width], from 0, black, to 1, white: bytes divided by 255."
                .to_owned();
        text.push_str(match channels {
            1 => " Gray of color is 0.2126 red + 0.7152 green + 0.0722 blue (ITU-R BT.709), of bytes, rounded to a byte.",
            3 => " The channels are red, green, blue; gray is repeated.",
            _ => "",
        });
        text.push_str(&match (takes_any_size, self.patch) {
            (true, Some(side)) => {
                format!(" Any height and width; it was trained on patches of {side}x{side}.")
            }
            (true, None) => format!(
                " Any height and width; it was trained on images of {width}x{height} (width x height)."
            ),
            (false, _) => format!(
                " {width}x{height} pixels (width x height), brought there by fit {}: smaller by a triangle filter, larger \
                 bilinearly.",
                self.fit
            ),
        });
        if let Some(range) = &self.deep_range {
            text.push_str(&format!(
                " Black and white are {range} in pictures of more than 8 bits."
            ));
        }
        if let Some(binarization) = &self.binarization {
            text.push_str(&format!(" They are made black and white: {binarization}."));
        }
        text
    }
}

fn sizes(takes_any_size: bool) -> &'static str {
    match takes_any_size {
        true => "any",
        false => "fixed",
    }
}

fn channels_name(channels: usize) -> String {
    match channels {
        1 => "gray".to_owned(),
        3 => "rgb".to_owned(),
        channels => channels.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_say_what_is_there_and_no_more() {
        let preparation = ImagePreparation {
            fit: "pad".to_owned(),
            ..ImagePreparation::default()
        };
        let entries = preparation.entries([1, 28, 20], false);
        let value = |name: &str| {
            let entry = entries.iter().find(|(key, _)| *key == name);
            entry.map(|(_, value)| value.as_str())
        };
        assert_eq!(value("input_shape"), Some("[1,28,20]"));
        assert_eq!(value("sizes"), Some("fixed"));
        assert_eq!(value("fit"), Some("pad"));
        assert_eq!(value("patch"), None);
        let sentences = value("preparation").unwrap();
        assert!(sentences.contains("20x28 pixels"), "{sentences}");
        assert!(sentences.contains("0.7152"), "{sentences}");
        let color = preparation.sentences([3, 8, 8], true);
        assert!(
            color.contains("red, green, blue") && color.contains("Any height"),
            "{color}"
        );
    }
}

//! The forms that images and codes have in bodies, by their media types.

use axum::http::{HeaderMap, StatusCode, header};

use crate::refusal::Refusal;

/// The form of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    Png,
    Jpeg,
    WebP,
    /// An array of NumPy's.
    Npy,
    Json,
    /// A container of the codec's.
    Aez,
    /// Several pictures, a part each.
    Multipart,
}

/// The forms of single pictures.
pub(crate) const PICTURES: [Form; 3] = [Form::Png, Form::Jpeg, Form::WebP];
/// The forms that images come and go in.
pub(crate) const IMAGES: [Form; 5] = [
    Form::Png,
    Form::Jpeg,
    Form::WebP,
    Form::Npy,
    Form::Multipart,
];

impl Form {
    /// Its media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Npy => "application/x-npy",
            Self::Json => "application/json",
            Self::Aez => "application/x-aez",
            Self::Multipart => "multipart/form-data",
        }
    }

    /// What the name of a file of it ends with.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
            Self::Npy => "npy",
            Self::Json => "json",
            Self::Aez => "aez",
            Self::Multipart => "txt",
        }
    }

    /// Whether it is that of a single picture.
    pub(crate) fn is_picture(self) -> bool {
        PICTURES.contains(&self)
    }

    /// The form that a media type stands for, whatever its parameters.
    fn of_media_type(text: &str) -> Option<Self> {
        let named = essence(text);
        let all = IMAGES.into_iter().chain([Self::Json, Self::Aez]);
        all.into_iter().find(|form| form.media_type() == named)
    }

    /// The form that the first bytes of a picture, an array or a container tell.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::WebP),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Some(Self::Npy),
            [0x89, b'A', b'E', b'Z', ..] => Some(Self::Aez),
            _ => None,
        }
    }
}

/// A media type without its parameters, in lower case.
fn essence(text: &str) -> String {
    let essence = text.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

fn listed(forms: &[Form]) -> String {
    let types: Vec<_> = forms.iter().map(|form| form.media_type()).collect();
    types.join(", ")
}

/// The form that a header says a body has; `None` where it leaves that to the bytes.
///
/// # Errors
/// 415, where it is none of `taken`.
pub(crate) fn of_body(headers: &HeaderMap, taken: &[Form]) -> Result<Option<Form>, Refusal> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    if essence(text) == "application/octet-stream" {
        return Ok(None);
    }
    match Form::of_media_type(text).filter(|form| taken.contains(form)) {
        Some(form) => Ok(Some(form)),
        None => Err(Refusal::unsupported(format!(
            "the body is called {}; its Content-Type may be {}",
            text.escape_debug(),
            listed(taken)
        ))),
    }
}

/// The form of an answer: of those `offered` the one that the Accept header likes best, `usual` where it likes that as well.
///
/// # Errors
/// 406, where it likes none.
pub(crate) fn of_answer(
    headers: &HeaderMap,
    offered: &[Form],
    usual: Form,
) -> Result<Form, Refusal> {
    let accepted: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|range| !range.trim().is_empty())
        .collect();
    if accepted.is_empty() {
        return Ok(usual);
    }
    let mut best = (0.0, usual);
    for form in [usual].into_iter().chain(offered.iter().copied()) {
        let quality = quality(&accepted, form);
        if quality > best.0 && offered.contains(&form) {
            best = (quality, form);
        }
    }
    match best.0 > 0.0 {
        true => Ok(best.1),
        false => Err(Refusal::new(
            StatusCode::NOT_ACCEPTABLE,
            format!("the answer can be {}", listed(offered)),
        )),
    }
}

/// How much a form is liked: the quality of the most specific range that holds it (RFC 9110, 12.5.1).
fn quality(accepted: &[&str], form: Form) -> f32 {
    let media_type = form.media_type();
    let group = media_type.split('/').next().unwrap_or_default();
    let ranges = accepted.iter().filter_map(|range| {
        let named = essence(range);
        let specific = match named.as_str() {
            "*/*" => 0,
            named if named.strip_suffix("/*") == Some(group) => 1,
            named if named == media_type => 2,
            _ => return None,
        };
        let quality = range.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let is_quality = name.trim().eq_ignore_ascii_case("q");
            is_quality.then(|| value.trim().parse().unwrap_or(0.0))
        });
        Some((specific, quality.unwrap_or(1.0)))
    });
    ranges
        .max_by_key(|(specific, _)| *specific)
        .map_or(0.0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn answers_have_the_form_that_is_liked_best() {
        for (accept, usual, expected) in [
            ("", Form::Jpeg, Some(Form::Jpeg)),
            ("*/*", Form::WebP, Some(Form::WebP)),
            ("image/*", Form::Jpeg, Some(Form::Jpeg)),
            ("image/*", Form::Npy, Some(Form::Png)),
            ("image/png, image/webp;q=0.5", Form::WebP, Some(Form::Png)),
            ("image/png;q=0.2, */*;q=0.1", Form::Npy, Some(Form::Png)),
            ("IMAGE/PNG", Form::Npy, Some(Form::Png)),
            ("application/x-npy", Form::Png, Some(Form::Npy)),
            ("image/png;q=0, */*", Form::Png, Some(Form::Jpeg)),
            ("text/html", Form::Png, None),
            ("application/json", Form::Png, None),
        ] {
            let found = of_answer(&headers(header::ACCEPT, accept), &IMAGES, usual);
            assert_eq!(found.clone().ok(), expected, "{accept}: {found:?}");
            if let Err(refusal) = found {
                assert_eq!(refusal.status(), StatusCode::NOT_ACCEPTABLE);
            }
        }
    }

    #[test]
    fn bodies_are_what_they_are_called() {
        let of = |name: &str| of_body(&headers(header::CONTENT_TYPE, name), &IMAGES);
        assert_eq!(of("image/png").unwrap(), Some(Form::Png));
        assert_eq!(
            of("multipart/form-data; boundary=x").unwrap(),
            Some(Form::Multipart)
        );
        assert_eq!(of("application/octet-stream").unwrap(), None);
        assert_eq!(of_body(&HeaderMap::new(), &IMAGES).unwrap(), None);
        for name in ["image/tiff", "application/json", "text/plain", ""] {
            let refusal = of(name).unwrap_err();
            assert_eq!(refusal.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
            assert!(refusal.sentence().contains("image/png"), "{refusal:?}");
        }
    }

    #[test]
    fn first_bytes_tell_the_form() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n"[..], Some(Form::Png)),
            (b"\xff\xd8\xff\xe0", Some(Form::Jpeg)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(Form::WebP)),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"\x93NUMPY\x01\0", Some(Form::Npy)),
            (b"\x89AEZ\x01\x01", Some(Form::Aez)),
            (b"II*\0", None),
            (b"", None),
        ] {
            assert_eq!(Form::of_bytes(bytes), expected);
        }
    }
}

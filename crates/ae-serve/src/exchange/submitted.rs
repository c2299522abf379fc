//! What a body holds: pictures' files or an array; and answers of the like.

use ae_data::Image;
use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::exchange::array::{Array, ImageArray};
use crate::exchange::body::HeldBody;
use crate::exchange::form::{self, Form, IMAGES};
use crate::exchange::pictures::{PictureFile, encode_image};
use crate::limits::Limits;
use crate::refusal::Refusal;

/// Images as they came.
#[derive(Debug)]
pub(crate) enum Submitted {
    /// One picture's file.
    One(PictureFile),
    /// The files of a multipart body.
    Several(Vec<PictureFile>),
    /// An array of them.
    Array(ImageArray),
}

impl Submitted {
    /// Sorts out a body.
    ///
    /// # Errors
    /// 415 where it is called what is not taken, or is not what it is called; 422 where an array cannot be used; 413 where
    /// there are more images than allowed; 400 where its parts are not divided as a multipart body's are.
    pub(crate) async fn read(
        headers: &HeaderMap,
        body: &HeldBody,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let called = form::of_body(headers, &IMAGES)?;
        let bytes = body.bytes();
        if bytes.is_empty() {
            return Err(Refusal::unusable("the body is empty"));
        }
        match called.or_else(|| Form::of_bytes(bytes)) {
            Some(Form::Multipart) => {
                let files = parts(headers, bytes.clone(), limits.max_images).await?;
                Ok(Self::Several(files))
            }
            Some(Form::Npy) => {
                let images = Array::read(bytes)?.into_images()?;
                check_count(images.count, limits.max_images)?;
                if images.shape.pixels() as u64 > limits.max_pixels {
                    return Err(Refusal::too_large(format!(
                        "images of {} pixels are too large, the limit is {}",
                        images.shape.pixels(),
                        limits.max_pixels
                    )));
                }
                Ok(Self::Array(images))
            }
            _ => Ok(Self::One(PictureFile::new(
                "the picture".to_owned(),
                called,
                bytes.clone(),
            )?)),
        }
    }

    /// The form that answers have where no other is asked for.
    pub(crate) fn usual_answer(&self) -> Form {
        match self {
            Self::One(file) => file.form,
            Self::Several(_) => Form::Multipart,
            Self::Array(_) => Form::Npy,
        }
    }

    /// How many images there are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Several(files) => files.len(),
            Self::Array(images) => images.count,
        }
    }

    /// What each image is called: its file's name, or its number.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::One(_) => vec!["0".to_owned()],
            Self::Several(files) => files.iter().map(|file| file.name.clone()).collect(),
            Self::Array(images) => (0..images.count).map(|index| index.to_string()).collect(),
        }
    }
}

/// Checks how many images or codes there are.
///
/// # Errors
/// 413: more than allowed.
pub(crate) fn check_count(count: usize, most: usize) -> Result<(), Refusal> {
    match count <= most {
        true => Ok(()),
        false => Err(Refusal::too_large(format!(
            "{count} at once, the limit is {most}"
        ))),
    }
}

/// The files of a multipart body.
async fn parts(
    headers: &HeaderMap,
    bytes: Bytes,
    most: usize,
) -> Result<Vec<PictureFile>, Refusal> {
    let broken = |error: &dyn std::fmt::Display| {
        Refusal::bad(format!("the parts of the body cannot be told: {error}"))
    };
    let mut request = Request::new(Body::from(bytes));
    if let Some(value) = headers.get(header::CONTENT_TYPE) {
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, value.clone());
    }
    // The body was read within the service's own limits.
    DefaultBodyLimit::disable().apply(&mut request);
    let multipart = Multipart::from_request(request, &()).await;
    let mut multipart = multipart.map_err(|rejection| broken(&rejection.body_text()))?;
    let mut files = Vec::new();
    let failed = |error: MultipartError| broken(&error.body_text());
    while let Some(part) = multipart.next_field().await.map_err(failed)? {
        check_count(files.len() + 1, most)?;
        let name = part.file_name().or(part.name()).map(printable);
        let name = name.filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| format!("picture {}", files.len()));
        let mut called = HeaderMap::new();
        if let Some(value) = part.headers().get(header::CONTENT_TYPE) {
            called.insert(header::CONTENT_TYPE, value.clone());
        }
        let called = form::of_body(&called, &form::PICTURES)?;
        let bytes = part.bytes().await.map_err(failed)?;
        files.push(PictureFile::new(name, called, bytes)?);
    }
    match files.is_empty() {
        true => Err(Refusal::unusable("the body has no part")),
        false => Ok(files),
    }
}

/// A name that can stand in a sentence and in a header.
fn printable(name: &str) -> String {
    let letters = name.chars().filter(|letter| !letter.is_control());
    let letters = letters.map(|letter| match letter {
        '"' | '\\' | '/' => '_',
        letter => letter,
    });
    letters.take(200).collect()
}

/// The form of each file where an answer is one file or several of them.
pub(crate) fn file_form(answer: Form, own: Form) -> Form {
    match (answer.is_picture(), own.is_picture()) {
        (true, _) => answer,
        (false, true) => own,
        (false, false) => Form::Png,
    }
}

/// An answer of images.
///
/// # Errors
/// 422: an array cannot hold them, or a picture's file cannot; several are asked for as one picture.
pub(crate) fn answer_images(
    form: Form,
    names: &[String],
    images: Vec<Image>,
) -> Result<Response, Refusal> {
    if form == Form::Npy {
        return Ok(answer_array(ImageArray::of_images(images)?.into_array()));
    }
    let each = file_form(form, Form::Png);
    let files = images
        .iter()
        .map(|image| Ok((each, encode_image(image, each)?)));
    answer_files(form, names, files.collect::<Result<_, Refusal>>()?)
}

/// An answer of an array.
pub(crate) fn answer_array(array: Array) -> Response {
    answer_bytes(Form::Npy, array.to_bytes())
}

/// An answer of these bytes, which are of this form.
pub(crate) fn answer_bytes(form: Form, bytes: Vec<u8>) -> Response {
    answer(HeaderValue::from_static(form.media_type()), bytes)
}

/// An answer of files, each of its form: as the body itself, or as parts of it.
///
/// # Errors
/// 422: there are several, and one picture is asked for.
pub(crate) fn answer_files(
    form: Form,
    names: &[String],
    files: Vec<(Form, Vec<u8>)>,
) -> Result<Response, Refusal> {
    if form != Form::Multipart {
        let count = files.len();
        let mut files = files.into_iter();
        return match (files.next(), files.next()) {
            (Some((form, file)), None) => Ok(answer_bytes(form, file)),
            _ => Err(Refusal::unusable(format!(
                "{count} images are no single {}; ask for application/x-npy or multipart/form-data",
                form.media_type()
            ))),
        };
    }
    let boundary = boundary(&files);
    let mut body = Vec::with_capacity(files.iter().map(|(_, file)| file.len() + 256).sum());
    for (name, (form, file)) in names.iter().zip(&files) {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            printable(name),
            form.media_type()
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let called = format!("{}; boundary={boundary}", Form::Multipart.media_type());
    let called = HeaderValue::try_from(called);
    let called = called.map_err(|error| Refusal::internal(error.to_string()))?;
    Ok(answer(called, body))
}

/// A line that none of the files holds.
fn boundary(files: &[(Form, Vec<u8>)]) -> String {
    let mut number = 0_u64;
    loop {
        let boundary = format!("ae-part-{number:016x}");
        let is_held = |(_, file): &(Form, Vec<u8>)| {
            let mut windows = file.windows(boundary.len());
            windows.any(|window| window == boundary.as_bytes())
        };
        if !files.iter().any(is_held) {
            return boundary;
        }
        number += 1;
    }
}

fn answer(called: HeaderValue, bytes: Vec<u8>) -> Response {
    let mut response = (StatusCode::OK, bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, called);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_their_quotes() {
        assert_eq!(printable("a\"b\\c/d\r\ne.png"), "a_b_c_de.png");
    }

    #[test]
    fn boundaries_are_in_no_file() {
        let plain = boundary(&[(Form::Png, b"abc".to_vec())]);
        assert_eq!(plain, "ae-part-0000000000000000");
        let other = boundary(&[(Form::Png, plain.clone().into_bytes())]);
        assert_ne!(other, plain);
    }

    #[test]
    fn files_have_the_form_that_is_asked_for_or_their_own() {
        for (answer, own, expected) in [
            (Form::Png, Form::Jpeg, Form::Png),
            (Form::Multipart, Form::WebP, Form::WebP),
            (Form::Multipart, Form::Npy, Form::Png),
        ] {
            assert_eq!(file_form(answer, own), expected);
        }
    }
}

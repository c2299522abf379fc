//! `denoise`: pictures of any size without their noise.

use ae_data::{ImageLimits, Page};
use ae_infer::{Removal, denoise_page};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use tokio::time::Instant;

use crate::api::images::{SMALL_BYTES, small};
use crate::api::request::{Asked, Name, Shared, asked, model_for, name, whole};
use crate::exchange::array::ImageArray;
use crate::exchange::form::{self, Form, IMAGES};
use crate::exchange::pictures::{Picture, PictureFile};
use crate::exchange::submitted::{Submitted, answer_array, answer_files, file_form};
use crate::models::description::Operation;
use crate::models::load::Coming;
use crate::models::served::{Computed, Pass};
use crate::refusal::Refusal;
use crate::service::Model;

/// How much of the noise is removed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DenoiseQuery {
    #[serde(default = "whole_strength")]
    strength: f64,
}

const fn whole_strength() -> f64 {
    1.0
}

/// A picture on its way.
enum Job {
    /// Decoded, as it is small.
    Small(Box<Picture>),
    /// To be decoded on the model's thread, where one large picture is in memory at a time.
    Large(PictureFile),
}

pub(crate) async fn denoise(
    service: Shared,
    named: Name,
    query: Asked<DenoiseQuery>,
    request: Request,
) -> Result<Response, Refusal> {
    let model = model_for(&service, &name(named)?, Operation::Denoise)?;
    let strength = asked(query)?.strength;
    // As `ae denoise` has it.
    if !(0.0..=1.5).contains(&strength) {
        return Err(Refusal::bad(format!(
            "strength is {strength}, and may be 0 to 1.5"
        )));
    }
    let removal = Removal {
        strength: strength as f32,
        noise_level: None,
    };
    let (headers, body) = whole(&service, request).await?;
    let deadline = service.deadline();
    let coming = model.worker.load().announce();
    let submitted = Submitted::read(&headers, &body, &service.limits).await?;
    let form = form::of_answer(&headers, &IMAGES, submitted.usual_answer())?;
    let names = submitted.names();
    let denoising = Denoising {
        model,
        removal,
        deadline,
        limits: service.image_limits(),
    };
    let files = match submitted {
        Submitted::Array(images) => {
            let pictures = denoising.array(images, coming).await?;
            return answer(form, &names, pictures);
        }
        Submitted::One(file) => vec![file],
        Submitted::Several(files) => files,
    };
    if form == Form::Npy {
        let jobs = files.into_iter().map(|file| denoising.job(file));
        let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
        let pictures = denoising.run(jobs, coming).await?;
        return answer(form, &names, pictures);
    }
    // Large pictures are encoded where they were denoised, and several of them not kept decoded.
    let forms: Vec<Form> = files
        .iter()
        .map(|file| file_form(form, file.form))
        .collect();
    let jobs = files.into_iter().map(|file| denoising.job(file));
    let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
    let encoded = denoising.run_encoded(jobs, &forms, coming).await?;
    answer_files(form, &names, forms.into_iter().zip(encoded).collect())
}

/// An answer of pictures.
fn answer(form: Form, names: &[String], pictures: Vec<Picture>) -> Result<Response, Refusal> {
    if form == Form::Npy {
        let images = pictures
            .iter()
            .map(|picture| ImageArray::of_page(&picture.page));
        let images = ImageArray::joined(images.collect())?;
        return Ok(answer_array(images.into_array()));
    }
    let each = file_form(form, Form::Png);
    let files = pictures
        .into_iter()
        .map(|picture| Ok((each, picture.encode(each)?)));
    answer_files(form, names, files.collect::<Result<_, Refusal>>()?)
}

/// What the pictures of a request have in common.
struct Denoising<'a> {
    model: &'a Model,
    removal: Removal,
    deadline: Instant,
    limits: ImageLimits,
}

impl Denoising<'_> {
    /// Decodes a file if it is small.
    fn job(&self, file: PictureFile) -> Result<Job, Refusal> {
        if file.bytes.len() > SMALL_BYTES {
            return Ok(Job::Large(file));
        }
        match file.decode(&small(self.limits)) {
            Ok(picture) => Ok(Job::Small(Box::new(picture))),
            // More pixels than so few bytes would have one think.
            Err(refusal) if refusal.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Ok(Job::Large(file))
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Denoises the images of an array.
    async fn array(&self, images: ImageArray, coming: Coming) -> Result<Vec<Picture>, Refusal> {
        if !matches!(images.shape.channels, 1 | 3) {
            return Err(Refusal::unusable(format!(
                "images of {} channels; pictures have 1 or 3",
                images.shape.channels
            )));
        }
        let pages = (0..images.count).map(|index| images.page(index));
        if Some(images.shape) == self.model.shape {
            return self
                .together(pages.map(Picture::of_page).collect(), coming)
                .await;
        }
        drop(coming);
        let (removal, pages) = (self.removal, pages.collect::<Vec<_>>());
        let denoised = self.model.worker.alone(self.deadline, move |served| {
            let denoiser = served.denoiser()?;
            let denoised = pages.iter().map(|page| {
                let page = denoise_page(denoiser, page, removal)?.page;
                Ok(Picture::of_page(page))
            });
            denoised.collect()
        });
        denoised.await
    }

    /// Denoises pictures, those of the model's own shape together.
    async fn run(&self, jobs: Vec<Job>, coming: Coming) -> Result<Vec<Picture>, Refusal> {
        let mut done: Vec<Option<Picture>> = Vec::with_capacity(jobs.len());
        let mut fitting = Vec::new();
        let mut others = Vec::new();
        for (place, job) in jobs.into_iter().enumerate() {
            done.push(None);
            match job {
                Job::Small(picture) if self.fits(&picture.page) => {
                    fitting.push((place, *picture));
                }
                job => others.push((place, job)),
            }
        }
        if fitting.is_empty() {
            drop(coming);
        } else {
            let (places, pictures): (Vec<usize>, Vec<Picture>) = fitting.into_iter().unzip();
            let pictures = self.together(pictures, coming).await?;
            for (place, picture) in places.into_iter().zip(pictures) {
                done[place] = Some(picture);
            }
        }
        for (place, job) in others {
            let (removal, limits) = (self.removal, self.limits);
            let denoised = self.model.worker.alone(self.deadline, move |served| {
                let picture = match job {
                    Job::Small(picture) => *picture,
                    Job::Large(file) => file.decode(&limits)?,
                };
                let page = denoise_page(served.denoiser()?, &picture.page, removal)?.page;
                Ok(Picture { page, ..picture })
            });
            done[place] = Some(denoised.await?);
        }
        Ok(done.into_iter().flatten().collect())
    }

    /// Denoises pictures and encodes them.
    async fn run_encoded(
        &self,
        jobs: Vec<Job>,
        forms: &[Form],
        coming: Coming,
    ) -> Result<Vec<Vec<u8>>, Refusal> {
        let is_small = jobs.iter().all(|job| matches!(job, Job::Small(_)));
        if is_small {
            let pictures = self.run(jobs, coming).await?;
            let pictures = pictures.into_iter().zip(forms);
            return pictures
                .map(|(picture, &form)| picture.encode(form))
                .collect();
        }
        drop(coming);
        let mut encoded = Vec::with_capacity(jobs.len());
        for (job, &form) in jobs.into_iter().zip(forms) {
            let (removal, limits) = (self.removal, self.limits);
            let bytes = self.model.worker.alone(self.deadline, move |served| {
                let picture = match job {
                    Job::Small(picture) => *picture,
                    Job::Large(file) => file.decode(&limits)?,
                };
                let page = denoise_page(served.denoiser()?, &picture.page, removal)?.page;
                Picture { page, ..picture }.encode(form)
            });
            encoded.push(bytes.await?);
        }
        Ok(encoded)
    }

    /// Whether a page can pass through the model as it is: one of the model's own shape, which tiles would leave whole, too.
    fn fits(&self, page: &Page) -> bool {
        Some(page.shape()) == self.model.shape
    }

    /// Denoises pictures of the model's own shape in one pass.
    async fn together(
        &self,
        pictures: Vec<Picture>,
        coming: Coming,
    ) -> Result<Vec<Picture>, Refusal> {
        let values: Vec<f32> = pictures
            .iter()
            .flat_map(|picture| picture.page.to_unit())
            .collect();
        let count = pictures.len();
        let worker = &self.model.worker;
        let output = worker.pass(Pass::Reconstruct, count, values, coming, self.deadline);
        let output = output.await?;
        let each = output.chunks_exact(output.len() / count);
        let denoised = pictures.into_iter().zip(each).map(|(picture, output)| {
            let computed = Computed {
                name: self.model.name().to_owned(),
                output: output.to_vec(),
            };
            let page = denoise_page(&computed, &picture.page, self.removal)?.page;
            Ok(Picture { page, ..picture })
        });
        denoised.collect()
    }
}

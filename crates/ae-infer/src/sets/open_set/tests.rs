//! How sets stand to a model's own, and what is opened of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ae_data::{Binarization, Channels, Division, Fit, Image, ImageSet, ImageShape, Part, Size};
use ae_models::{ConvAutoencoderConfig, ModelCard, ModelConfig, Registry};
use ae_train::{DataCard, DataConfig, RunConfig, RunDirectory, TrainConfig};
use burn::tensor::Device;
use tempfile::TempDir;

use crate::{DataOrigin, InferError, NoPartReason, OpenModel, Relation, SetRequest};

const SIDE: usize = 12;

/// A picture that is another for every number.
fn picture(number: usize) -> Image {
    let shape = ImageShape::new(1, 8, 16);
    let mut pixels: Vec<u8> = (0..shape.values())
        .map(|value| (value * 7 + number * 31) as u8)
        .collect();
    // In the middle, where no fit cuts.
    pixels[3 * 16 + 8] = (number % 256) as u8;
    pixels[4 * 16 + 8] = (number / 256) as u8;
    Image::new(shape, pixels).unwrap()
}

fn write(folder: &Path, numbers: impl IntoIterator<Item = usize>) {
    fs::create_dir_all(folder).unwrap();
    for number in numbers {
        let file = folder.join(format!("{number:03}.png"));
        picture(number).write(&file).unwrap();
    }
}

/// A run on `set` as `ae train` leaves it, but untrained; with a card of its data, or of version 1.
struct Run {
    folder: TempDir,
    set: PathBuf,
    data: DataConfig,
}

impl Run {
    fn on(numbers: std::ops::Range<usize>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let set = folder.path().join("set");
        write(&set, numbers);
        let data = DataConfig {
            source: set.to_str().unwrap().to_owned(),
            size: Some(Size {
                height: SIDE,
                width: SIDE,
            }),
            fit: Fit::Pad,
            ..DataConfig::default()
        };
        Self { folder, set, data }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn options(&self) -> ae_data::OpenOptions {
        ae_data::OpenOptions {
            image: ae_data::ImageOptions {
                size: self.data.size,
                fit: self.data.fit,
                channels: self.data.channels,
                ..ae_data::ImageOptions::default()
            },
            ..ae_data::OpenOptions::default()
        }
    }

    /// Writes the run's directory, `run`, and opens it.
    fn train(&self, has_card: bool) -> OpenModel {
        let seed = 5;
        let dataset = ae_data::open(&self.data.source, &self.options())
            .unwrap()
            .binarized(self.data.binarize, seed);
        let card = DataCard::new(&self.data, seed, &dataset).unwrap();
        let train = dataset.split(&card.split_options()).unwrap().train;
        let shape = train.shape();
        let config = ModelConfig::from(ConvAutoencoderConfig {
            widths: vec![2],
            ..ConvAutoencoderConfig::default()
        });
        let input = [shape.channels, shape.height, shape.width];
        let model = config.init(input, 1, &Device::flex()).unwrap();
        let run_config = RunConfig {
            convolutions: Default::default(),
            data: self.data.clone(),
            model: config,
            train: TrainConfig {
                seed,
                ..TrainConfig::default()
            },
        };
        let run = RunDirectory::create(self.path("run"), &run_config, true).unwrap();
        let card = ModelCard {
            data_name: Some(train.name().to_owned()),
            data_fingerprint: Some(train.fingerprint().unwrap()),
            data: has_card.then(|| card.to_json()),
            ..ModelCard::new(&model)
        };
        ae_models::save_model(run.model_file(), &model, &card).unwrap();
        open(run.path())
    }

    /// The training images as the run saw them.
    fn trained_on(&self) -> BTreeSet<Vec<u8>> {
        let dataset = ae_data::open(&self.data.source, &self.options()).unwrap();
        let card = DataCard::new(&self.data, 5, &dataset).unwrap();
        pixels(&dataset.split(&card.split_options()).unwrap().train)
    }
}

fn open(path: &Path) -> OpenModel {
    OpenModel::open(path, &Registry::builtin(), &Device::flex()).unwrap()
}

fn pixels(set: &ImageSet) -> BTreeSet<Vec<u8>> {
    set.iter()
        .map(|image| image.read().unwrap().into_pixels())
        .collect()
}

fn named(path: &Path) -> SetRequest {
    SetRequest::named(path.to_str().unwrap())
}

#[test]
fn the_own_set_is_known_wherever_it_lies_and_divided_as_it_was() {
    let run = Run::on(0..40);
    let model = run.train(true);
    let own = model.open_set(&SetRequest::default()).unwrap();
    assert_eq!((own.relation(), own.part()), (&Relation::Own, Part::Test));
    assert!(own.notes().is_empty(), "{:?}", own.notes());
    let test = pixels(&own.images().unwrap());
    let trained_on = run.trained_on();
    assert_eq!(pixels(&own.images_of(Part::Train).unwrap()), trained_on);
    assert!(!test.is_empty() && test.is_disjoint(&trained_on));
    let validation = pixels(&own.images_of(Part::Validation).unwrap());
    assert_eq!(own.images_of(Part::All).unwrap().len(), 40);
    assert_eq!(test.len() + validation.len() + trained_on.len(), 40);

    // Moved, and its files renamed: the images are what it is known by.
    let moved = run.path("elsewhere");
    fs::create_dir(&moved).unwrap();
    for (index, entry) in fs::read_dir(&run.set).unwrap().enumerate() {
        fs::rename(entry.unwrap().path(), moved.join(format!("{index}.png"))).unwrap();
    }
    let again = model.open_set(&named(&moved)).unwrap();
    assert_eq!(again.relation(), &Relation::Own);
    assert_eq!(pixels(&again.images().unwrap()), test);
    fs::remove_dir(&run.set).unwrap();
    let error = model.open_set(&SetRequest::default()).unwrap_err();
    assert!(matches!(error, InferError::OwnSetGone { .. }), "{error}");
    assert!(
        error.to_string().contains(run.set.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn a_changed_set_is_said_and_no_image_changes_its_part() {
    for (numbers, removed) in [(40..43, None), (0..0, Some(7)), (60..61, Some(0))] {
        let run = Run::on(0..40);
        let model = run.train(true);
        let trained_on = run.trained_on();
        write(&run.set, numbers);
        if let Some(number) = removed {
            fs::remove_file(run.set.join(format!("{number:03}.png"))).unwrap();
        }
        for request in [SetRequest::default(), named(&run.set)] {
            let opened = model.open_set(&request).unwrap();
            let Relation::Changed { then, now, overlap } = opened.relation() else {
                panic!("{:?}", opened.relation());
            };
            assert!((0.9..1.0).contains(overlap), "{overlap}");
            let [note] = opened.notes() else {
                panic!("{:?}", opened.notes());
            };
            for part in [then.to_string(), now.to_string(), "%".to_owned()] {
                assert!(note.contains(&part), "{note}");
            }
            assert_eq!(opened.part(), Part::Test);
            let test = pixels(&opened.images().unwrap());
            assert!(!test.is_empty() && test.is_disjoint(&trained_on));
        }
    }
}

#[test]
fn another_set_in_its_place_is_refused_and_measured_whole_by_name() {
    let run = Run::on(0..40);
    let model = run.train(true);
    fs::remove_dir_all(&run.set).unwrap();
    write(&run.set, 100..130);
    let error = model.open_set(&SetRequest::default()).unwrap_err();
    let InferError::AnotherSet { then, now, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*then, model.data_card().unwrap().fingerprint.to_string());
    assert!(
        error.to_string().contains(now.as_str()) && then != now,
        "{error}"
    );
    let foreign = model.open_set(&named(&run.set)).unwrap();
    assert_eq!(
        (foreign.relation(), foreign.part()),
        (&Relation::Foreign, Part::All)
    );
    assert_eq!(foreign.images().unwrap().len(), 30);
    assert!(
        foreign.notes()[0].contains(now.as_str()),
        "{:?}",
        foreign.notes()
    );
}

#[test]
fn any_other_set_is_taken_whole_and_has_no_parts_but_its_own() {
    let run = Run::on(0..40);
    let model = run.train(true);
    let flat = run.path("flat");
    write(&flat, 100..110);
    let opened = model.open_set(&named(&flat)).unwrap();
    assert_eq!(
        (opened.relation(), opened.part()),
        (&Relation::Foreign, Part::All)
    );
    assert_eq!(opened.images().unwrap().len(), 10);
    for part in [Part::Train, Part::Validation, Part::Test] {
        let error = opened.images_of(part).unwrap_err();
        let is_undivided = matches!(
            error,
            InferError::NoPart {
                reason: NoPartReason::Undivided,
                ..
            }
        );
        assert!(is_undivided, "{error}");
    }
    let divided = run.path("divided");
    write(&divided.join("train"), 200..206);
    write(&divided.join("test"), 206..210);
    let opened = model.open_set(&named(&divided)).unwrap();
    assert_eq!(opened.images().unwrap().len(), 10);
    assert_eq!(pixels(&opened.images().unwrap()).len(), 10);
    assert_eq!(opened.images_of(Part::Train).unwrap().len(), 6);
    assert_eq!(opened.images_of(Part::Test).unwrap().len(), 4);
    let error = opened.images_of(Part::Validation).unwrap_err().to_string();
    assert!(
        error.ends_with("no validation images: the set has none"),
        "{error}"
    );
    // What learns beside it learns on what the model learned on.
    let learned = model.own_training_images(&named(&flat)).unwrap();
    assert_eq!(pixels(&learned), run.trained_on());
    let few = SetRequest {
        limit: Some(3),
        ..named(&flat)
    };
    assert_eq!(model.open_set(&few).unwrap().images().unwrap().len(), 3);
    assert_eq!(
        model.own_training_images(&few).unwrap().len(),
        learned.len()
    );
}

#[test]
fn a_copy_with_files_added_is_another_set_whose_images_are_known() {
    let run = Run::on(0..30);
    let model = run.train(true);
    let copy = run.path("copy");
    write(&copy, 0..40);
    let opened = model.open_set(&named(&copy)).unwrap();
    assert_eq!(opened.relation(), &Relation::Foreign);
    let [note] = opened.notes() else {
        panic!("{:?}", opened.notes());
    };
    assert!(
        note.starts_with("about 75% of these images are in the set"),
        "{note}"
    );
}

#[test]
fn a_share_cannot_move_training_images() {
    let run = Run::on(0..40);
    let model = run.train(true);
    let request = |share| SetRequest {
        test_share: Some(share),
        ..SetRequest::default()
    };
    assert!(model.open_set(&request(run.data.test_share)).is_ok());
    let error = model.open_set(&request(0.5)).unwrap_err();
    assert!(
        matches!(error, InferError::DividedAlready { .. }),
        "{error}"
    );
}

#[test]
fn parts_that_are_new_in_the_own_set_are_not_believed() {
    let run = Run::on(0..40);
    let model = run.train(true);
    for (folder, numbers) in [("train", 0..20), ("test", 20..40)] {
        write(&run.set.join(folder), numbers.clone());
        for number in numbers {
            fs::remove_file(run.set.join(format!("{number:03}.png"))).unwrap();
        }
    }
    let error = model.open_set(&SetRequest::default()).unwrap_err();
    assert!(matches!(error, InferError::DividedAnew { .. }), "{error}");
}

#[test]
fn images_are_brought_to_the_model_as_they_were_wherever_its_file_lies() {
    for (fit, channels, binarize) in [
        (Fit::Pad, None, Binarization::None),
        (Fit::Stretch, Some(Channels::Rgb), Binarization::None),
        (Fit::Crop, Some(Channels::Gray), Binarization::Static),
    ] {
        let mut run = Run::on(0..30);
        (run.data.fit, run.data.channels, run.data.binarize) = (fit, channels, binarize);
        let at_home = run.train(true);
        let copy = run.path("copied.safetensors");
        fs::copy(run.path("run/model.safetensors"), &copy).unwrap();
        let model = open(&copy);
        assert_eq!(model.preparation().origin, DataOrigin::ModelFile);
        let file = run.path("new.png");
        picture(77).write(&file).unwrap();
        let expected = {
            let options = run.options().image;
            let image = Image::read(&file, &options).unwrap();
            assert_eq!(image.shape().size(), at_home.image_shape().size());
            image
        };
        let image = model.read_image(&file).unwrap();
        assert_eq!(image, at_home.read_image(&file).unwrap());
        match binarize {
            Binarization::None => assert_eq!(image, expected),
            _ => assert!(
                image
                    .pixels()
                    .iter()
                    .all(|&value| value == 0 || value == 255)
            ),
        }
        // The same by --data.
        let opened = model.open_set(&named(&file)).unwrap();
        assert_eq!(opened.images().unwrap().image(0).unwrap(), image);
        let own = |model: &OpenModel| {
            let opened = model.open_set(&SetRequest::default()).unwrap();
            pixels(&opened.images().unwrap())
        };
        assert_eq!(own(&model), own(&at_home));
        // But for what is asked for.
        let other = SetRequest {
            fit: Some(Fit::Stretch),
            binarize: Some(Binarization::None),
            ..named(&file)
        };
        let stretched = model.open_set(&other).unwrap().images().unwrap();
        let mut options = run.options().image;
        options.fit = Fit::Stretch;
        assert_eq!(
            stretched.image(0).unwrap(),
            Image::read(&file, &options).unwrap()
        );
    }
}

#[test]
fn a_file_of_version_1_takes_it_from_the_configuration_beside_it() {
    let mut run = Run::on(0..40);
    run.data.division = Division::Shuffle;
    let model = run.train(false);
    assert_eq!(model.preparation().origin, DataOrigin::RunConfiguration);
    assert_eq!(model.preparation().fit, Fit::Pad);
    let own = model.open_set(&SetRequest::default()).unwrap();
    assert_eq!(own.relation(), &Relation::Own);
    assert!(own.images().unwrap().len() < 20);
    // Without, it is said that it isn't known; the images are known by those that were trained on.
    let copy = run.path("copied.safetensors");
    fs::copy(run.path("run/model.safetensors"), &copy).unwrap();
    let model = open(&copy);
    assert_eq!(model.preparation().origin, DataOrigin::Unknown);
    let error = model.open_set(&SetRequest::default()).unwrap_err();
    assert!(matches!(error, InferError::OwnSetUnknown { .. }), "{error}");
    let opened = model.open_set(&named(&run.set)).unwrap();
    assert!(
        opened.notes()[0].contains("is unknown"),
        "{:?}",
        opened.notes()
    );
    // A changed set cannot be told from another.
    write(&run.set, 40..41);
    let model = open(&run.path("run"));
    let error = model.open_set(&SetRequest::default()).unwrap_err();
    assert!(matches!(error, InferError::DividedAnew { .. }), "{error}");
    let opened = model.open_set(&named(&run.set)).unwrap();
    assert_eq!(
        (opened.relation(), opened.part()),
        (&Relation::Unknown, Part::All)
    );
    assert_eq!(opened.images().unwrap().len(), 41);
}

#[test]
fn a_configuration_of_another_model_is_not_believed() {
    let run = Run::on(0..10);
    run.train(false);
    let file = run.path("run/config.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("widths = [2]", "widths = [3]")).unwrap();
    let model = open(&run.path("run"));
    assert_eq!(model.preparation().origin, DataOrigin::Unknown);
    let error = model
        .open_set(&SetRequest::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("another model's"), "{error}");
}

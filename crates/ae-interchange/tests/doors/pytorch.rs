//! The folder for PyTorch, and weights that come back from there.

use std::fs;

use ae_interchange::{
    ImagePreparation, PYTORCH_FILES, WeightsConfiguration, import, write_pytorch, write_run,
};
use ae_models::{ModelCard, Registry, load_model, named_tensors};
use burn::tensor::Device;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use crate::cases::CASES;

#[test]
fn weights_of_every_kind_come_back_from_the_folder() {
    let device = Device::flex();
    let registry = Registry::builtin();
    let place = tempfile::tempdir().unwrap();
    for case in &CASES {
        let model = case.model(&device);
        let folder = place.path().join(case.name);
        let card = ModelCard {
            noise: Some("gaussian:0.2".to_owned()),
            ..ModelCard::new(&model)
        };
        write_pytorch(&folder, &model, &card, &ImagePreparation::default()).unwrap();
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let mut expected = PYTORCH_FILES.to_vec();
        expected.sort_unstable();
        assert_eq!(names, expected);

        // As PyTorch would write them: no card, in the order of the names.
        let tensors = named_tensors(&model);
        let bytes: Vec<Vec<u8>> = tensors
            .iter()
            .map(|tensor| {
                tensor
                    .values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect()
            })
            .collect();
        let views = tensors.iter().zip(&bytes).map(|(tensor, bytes)| {
            let view = TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).unwrap();
            (tensor.name.clone(), view)
        });
        let bare = folder.join("bare.safetensors");
        safetensors::serialize_to_file(views, None, &bare).unwrap();

        let configuration = folder.join("model.toml");
        let configuration = WeightsConfiguration::read(&configuration, &registry).unwrap();
        for weights in [bare, folder.join("model.safetensors")] {
            let (again, card) = import(&weights, &configuration, &device).unwrap();
            assert_eq!(named_tensors(&again), tensors, "{}", case.name);
            let run = place.path().join(format!("{}-run", case.name));
            write_run(&run, &again, &card).unwrap();
            let (opened, card) =
                load_model(run.join("model.safetensors"), &registry, &device).unwrap();
            assert_eq!(named_tensors(&opened), tensors, "{}", case.name);
            assert_eq!(card.noise.as_deref(), Some("gaussian:0.2"));
            assert_eq!(card.config, Some(case.config()));
        }
    }
}

/// What PyTorch makes of it, `tests/reference/doors.py` tells; the text is held here.
#[test]
fn modules_read_as_written() {
    let device = Device::flex();
    let place = tempfile::tempdir().unwrap();
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doors/golden");
    for case in CASES.iter().filter(|case| {
        [
            "conv-latent",
            "dense-tied",
            "vae-dense",
            "sparse-top-k-map",
            "unet-add",
            "unet-chrominances",
            "transform-padded",
        ]
        .contains(&case.name)
    }) {
        let model = case.model(&device);
        let folder = place.path().join(case.name);
        let preparation = ImagePreparation {
            fit: "stretch".to_owned(),
            ..ImagePreparation::default()
        };
        write_pytorch(&folder, &model, &ModelCard::new(&model), &preparation).unwrap();
        let text = fs::read_to_string(folder.join("model.py")).unwrap();
        let path = golden.join(format!("{}.py", case.name));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(&golden).unwrap();
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(
            text,
            fs::read_to_string(&path).unwrap(),
            "{}",
            path.display()
        );
    }
}

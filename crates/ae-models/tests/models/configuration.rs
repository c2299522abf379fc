//! Configurations: shapes, counts, and what is refused with which words.

use ae_models::{
    BetaSchedule, Likelihood, ModelConfig, NetworkConfig, Registry, Sparsity, Trainable,
    VariationalAutoencoderConfig, named_tensors,
};
use burn::tensor::{Device, Tensor};

use crate::{
    contractive, conv, dense, linear, network, reconstructs, sparse, tied, transposed, vae,
    with_codes,
};

#[test]
fn shapes_and_parameter_counts() {
    /// The counts are sums of `inputs * outputs * 9 + outputs` and `inputs * outputs + outputs`, done by hand.
    #[track_caller]
    fn check(
        config: ModelConfig,
        input: [usize; 3],
        code: &[usize],
        parameters: usize,
        multiple: Option<usize>,
    ) {
        let device = Device::flex();
        let checked = config.check(input).unwrap();
        let model = checked.init(1, &device);
        assert_eq!(checked.code_shape(), Some(code));
        assert_eq!(with_codes(&model).code_shape(), code);
        assert_eq!(checked.parameter_count(), Some(parameters));
        assert_eq!(model.parameter_count(), parameters);
        assert_eq!(model.input_shape(), input);
        assert_eq!(reconstructs(&model).size_multiple(), multiple);
        assert_eq!(model.config(), &config);
        let found: Vec<_> = named_tensors(&model)
            .into_iter()
            .map(|tensor| (tensor.name, tensor.shape))
            .collect();
        let expected: Vec<_> = checked
            .tensor_shapes()
            .unwrap()
            .iter()
            .map(|tensor| (tensor.name.clone(), tensor.shape.clone()))
            .collect();
        assert_eq!(found, expected);

        let [channels, height, width] = input;
        let images = Tensor::zeros([2, channels, height, width], &device);
        let codes = with_codes(&model).encode(images.clone());
        assert_eq!(codes.dims(), [2, code.iter().product()]);
        assert_eq!(with_codes(&model).decode(codes).dims(), images.dims());
        assert_eq!(
            reconstructs(&model).reconstruct(images.clone()).dims(),
            images.dims()
        );
    }

    check(
        conv(&[32, 64, 128], None),
        [1, 28, 28],
        &[128, 7, 7],
        314_625,
        Some(4),
    );
    check(
        conv(&[32, 64, 128], Some(32)),
        [1, 28, 28],
        &[32],
        314_625 + 200_736 + 206_976,
        None,
    );
    check(
        conv(&[32, 64, 128], None),
        [3, 64, 64],
        &[128, 16, 16],
        314_625 + 2 * 32 * 9 + 2 * (64 * 9 + 1),
        Some(4),
    );
    check(conv(&[8], None), [1, 5, 3], &[8, 5, 3], 80 + 73, Some(1));
    check(
        conv(&[4, 2], None),
        [1, 5, 7],
        &[2, 3, 4],
        40 + 74 + 38 + 19,
        Some(2),
    );
    check(
        conv(&[4, 2], Some(3)),
        [1, 5, 7],
        &[3],
        171 + (24 * 3 + 3) + (3 * 24 + 24),
        None,
    );
    check(
        conv(&[2, 2, 2, 2], None),
        [4, 8, 9],
        &[2, 1, 2],
        74 + 3 * 38 + 3 * 38 + 76,
        Some(8),
    );
    // Keras' example: 320 + 9,248 and back 9,248 + 9,248 + 289.
    check(
        transposed(conv(&[32, 32], None)),
        [1, 28, 28],
        &[32, 7, 7],
        28_353,
        Some(4),
    );
    check(
        transposed(conv(&[4, 2], Some(3))),
        [3, 5, 9],
        &[3],
        (3 * 4 * 9 + 4) + 74 + (12 * 3 + 3) + (3 * 12 + 12) + 38 + 76 + (4 * 3 * 9 + 3),
        None,
    );
    check(dense(&[128, 64], 32), [1, 28, 28], &[32], 222_384, None);
    check(dense(&[], 3), [1, 1, 5], &[3], 18 + 20, None);
    check(dense(&[7], 2), [3, 2, 2], &[2], 91 + 16 + 21 + 96, None);
    check(tied(dense(&[], 3)), [1, 1, 5], &[3], 18 + 5, None);
    check(
        tied(dense(&[7], 2)),
        [3, 2, 2],
        &[2],
        91 + 16 + 7 + 12,
        None,
    );

    // An encoder with two numbers for each of the code's, and a decoder with one; a learned scale is one number more.
    let gaussian = |config: &mut VariationalAutoencoderConfig| {
        config.network = network(dense(&[7], 2));
        config.likelihood = Likelihood::LearnedGaussian;
    };
    check(vae(gaussian), [3, 2, 2], &[2], 91 + 32 + 21 + 96 + 1, None);
    check(
        vae(|_| {}),
        [1, 28, 28],
        &[32],
        314_625 + 6_272 * 64 + 64 + 206_976,
        None,
    );
    check(
        sparse(Sparsity::TopK { kept: 9 }, network(conv(&[4, 2], None))),
        [1, 5, 7],
        &[2, 3, 4],
        40 + 74 + 38 + 19,
        None,
    );
    check(
        contractive(0.1, network(tied(dense(&[], 3)))),
        [1, 1, 5],
        &[3],
        18 + 5,
        None,
    );
}

#[test]
fn what_describes_no_model_is_refused() {
    #[track_caller]
    fn check(config: ModelConfig, input: [usize; 3], expected: &str) {
        assert_eq!(config.check(input).unwrap_err().to_string(), expected);
        assert!(config.init(input, 1, &Device::flex()).is_err());
    }
    let image = [1, 28, 28];

    check(
        conv(&[], None),
        image,
        "widths: none given: a convolutional model has at least one convolution",
    );
    check(
        conv(&[32, 0], None),
        image,
        "widths: a convolution of 0 channels: must be 1 to 4096",
    );
    check(
        conv(&[5_000], None),
        image,
        "widths: a convolution of 5000 channels: must be 1 to 4096",
    );
    check(
        conv(&[1; 13], None),
        image,
        "widths: 13 convolutions: at most 12",
    );
    check(
        conv(&[1; 6], None),
        image,
        "widths: 6 convolutions halve the picture 5 times, which takes at least 32x32 pixels, not 28x28",
    );
    check(
        conv(&[8], Some(0)),
        image,
        "latent: a code of 0 numbers: must be 1 to 1048576",
    );
    check(
        conv(&[8], Some(1 << 21)),
        image,
        "latent: a code of 2097152 numbers: must be 1 to 1048576",
    );
    check(
        conv(&[4_096, 4_096, 4_096], None),
        image,
        "model: more than 268435456 parameters: choose smaller widths or a smaller code",
    );
    check(
        conv(&[4_096], Some(1 << 20)),
        [1, 8_000, 8_000],
        "model: more than 268435456 parameters: choose smaller widths or a smaller code",
    );
    check(
        dense(&[0], 3),
        image,
        "widths: a layer of 0 numbers: must be 1 to 1048576",
    );
    check(
        dense(&[usize::MAX], 3),
        image,
        "widths: a layer of 18446744073709551615 numbers: must be 1 to 1048576",
    );
    check(
        dense(&[1; 33], 3),
        image,
        "widths: 33 hidden layers: at most 32",
    );
    check(
        dense(&[], 0),
        image,
        "latent: a code of 0 numbers: must be 1 to 1048576",
    );
    check(
        dense(&[1 << 20, 1 << 20], 3),
        image,
        "model: more than 268435456 parameters: choose smaller widths or a smaller code",
    );

    let refused = |change: fn(&mut VariationalAutoencoderConfig), expected: &str| {
        check(vae(change), image, expected);
    };
    refused(
        |config| config.beta = -1.0,
        "beta: -1: must be a finite number of at least 0",
    );
    refused(
        |config| config.free_bits = f64::NAN,
        "free_bits: NaN: must be a finite number of at least 0",
    );
    refused(
        |config| config.likelihood = Likelihood::Gaussian { sigma: 0.0 },
        "likelihood: 0: must be a finite number above 0",
    );
    refused(
        |config| config.beta_schedule = BetaSchedule::Linear { steps: 0 },
        "beta_schedule: `linear:0`: takes at least one step",
    );
    refused(
        |config| config.importance_samples = 0,
        "importance_samples: 0: must be 1 to 4096",
    );
    refused(
        |config| (config.importance_samples, config.beta) = (5, 2.0),
        "importance_samples: the importance-weighted bound has no divergence apart that `beta`, `beta_schedule` or \
         `free_bits` could weigh",
    );
    refused(
        |config| config.network = network(conv(&[8], None)),
        "latent: none given: a variational model's code is a list of values, not a feature map",
    );
    refused(
        |config| config.network = network(conv(&[8], Some(0))),
        "latent: a code of 0 numbers: must be 1 to 1048576",
    );
    refused(
        |config| config.network = network(tied(dense(&[], 3))),
        "tied: the encoder gives two numbers for each of the code's, so its weights are no decoder's",
    );
    refused(
        |config| config.network = network(linear(dense(&[], 3))),
        "output: a linear one is no probability, which a Bernoulli likelihood takes it for",
    );
    let small = || network(dense(&[], 3));
    check(
        sparse(Sparsity::TopK { kept: 4 }, small()),
        image,
        "sparsity: `top-k:4`: the code has only 3 numbers",
    );
    check(
        sparse(Sparsity::L1 { weight: -1.0 }, small()),
        image,
        "sparsity: -1: must be a finite number of at least 0",
    );
    let activity = Sparsity::Kl {
        target: 0.1,
        weight: 1.0,
    };
    check(
        sparse(activity, network(conv(&[8], None))),
        image,
        "sparsity: `kl:0.1:1`: takes a code of `latent` numbers, not a feature map",
    );
    check(
        contractive(f64::INFINITY, small()),
        image,
        "contraction: inf: must be a finite number of at least 0",
    );
    check(
        contractive(0.1, network(conv(&[8], None))),
        image,
        "latent: none given: a contractive model's code is a list of values, not a feature map",
    );

    let model = ModelConfig::default();
    check(
        model.clone(),
        [0, 28, 28],
        "input_shape: 0 channels: must be 1 to 4, 1 for gray and 3 for color",
    );
    check(
        model.clone(),
        [5, 28, 28],
        "input_shape: 5 channels: must be 1 to 4, 1 for gray and 3 for color",
    );
    check(
        model.clone(),
        [1, 0, 28],
        "input_shape: an image of 28x0 pixels has none",
    );
    check(
        model.clone(),
        [1, 28, 60_000],
        "input_shape: 60000x28 pixels of 1 channels: at most 16384 a side and 67108864 values in all",
    );
    check(
        model.clone(),
        [4, 16_384, 16_384],
        "input_shape: 16384x16384 pixels of 4 channels: at most 16384 a side and 67108864 values in all",
    );
    check(
        model,
        [1, usize::MAX, usize::MAX],
        "input_shape: 18446744073709551615x18446744073709551615 pixels of 1 channels: at most 16384 a side and \
         67108864 values in all",
    );
}

#[test]
fn configurations_are_written_and_read() {
    #[track_caller]
    fn check(text: &str, expected: Result<ModelConfig, &str>) {
        match (Registry::builtin().from_json(text), expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!(found, expected);
                let written = serde_json::to_string(&found).unwrap();
                assert_eq!(Registry::builtin().from_json(&written).unwrap(), found);
            }
            (Err(found), Err(expected)) => assert!(found.to_string().contains(expected), "{found}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    check(r#"{"kind":"conv"}"#, Ok(ModelConfig::default()));
    check(
        r#"{"kind":"conv","widths":[8,4],"latent":3}"#,
        Ok(conv(&[8, 4], Some(3))),
    );
    check(
        r#"{"kind":"dense","widths":[],"latent":3}"#,
        Ok(dense(&[], 3)),
    );
    check(
        r#"{"kind":"dense","initialization":"glorot-uniform"}"#,
        Ok(dense(&[128, 64], 32)),
    );
    check(
        r#"{"kind":"gan"}"#,
        Err("unknown kind `gan`: expected one of conv, dense, vae, sparse, contractive, unet"),
    );
    check(r#"{"kind":"vae"}"#, Ok(vae(|_| {})));
    check(
        r#"{"kind":"vae","beta":4,"likelihood":"gaussian:0.1","beta_schedule":"linear:100","network":{"kind":"dense"}}"#,
        Ok(vae(|config| {
            config.beta = 4.0;
            config.likelihood = Likelihood::Gaussian { sigma: 0.1 };
            config.beta_schedule = BetaSchedule::Linear { steps: 100 };
            config.network = network(dense(&[128, 64], 32));
        })),
    );
    check(
        r#"{"kind":"vae","likelihood":"poisson"}"#,
        Err("unknown likelihood `poisson`"),
    );
    check(
        r#"{"kind":"vae","latent":3}"#,
        Err("unknown field `latent`"),
    );
    check(
        r#"{"kind":"sparse","sparsity":"top-k:4"}"#,
        Ok(sparse(Sparsity::TopK { kept: 4 }, NetworkConfig::default())),
    );
    check(
        r#"{"kind":"contractive","network":{"kind":"vae"}}"#,
        Err("unknown variant `vae`, expected `conv` or `dense`"),
    );
    check(r#"{"kind":"conv","depth":3}"#, Err("unknown field `depth`"));
    check(
        r#"{"kind":"conv","latent":-1}"#,
        Err("invalid value: integer `-1`"),
    );
    check(
        r#"{"kind":"conv","initialization":"ones"}"#,
        Err("unknown variant `ones`"),
    );
    check(r#"{"widths":[8]}"#, Err("missing field `kind`"));
}

#[test]
fn a_model_says_which_images_it_takes() {
    let device = Device::flex();
    let model = |config: ModelConfig| config.init([1, 28, 28], 1, &device).unwrap();
    for (shape, whole, squeezed) in [
        ([1, 28, 28], true, true),
        ([1, 29, 300], true, false),
        ([1, 1, 1], true, false),
        ([3, 28, 28], false, false),
        ([1, 0, 28], false, false),
    ] {
        assert_eq!(
            model(conv(&[2, 2], None)).accepts(shape),
            whole,
            "{shape:?}"
        );
        assert_eq!(
            model(conv(&[2, 2], Some(3))).accepts(shape),
            squeezed,
            "{shape:?}"
        );
        assert_eq!(model(dense(&[], 3)).accepts(shape), squeezed, "{shape:?}");
    }
}

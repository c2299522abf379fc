//! A model behind a trait object is the module that it is: names, order, ids, devices and gradients stay.

use ae_models::{Model, ModelConfig, Trainable, named_tensors, parameter_names};
use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Bool, Device, Int, Tensor};

use crate::custom::{Odd, OddConfig};
use crate::{conv, dense, network, tied, vae};

/// Everything that a visitor is told, in order.
#[derive(Default, Debug, PartialEq)]
struct Told(Vec<String>);

impl ModuleVisitor for Told {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.0.push(format!("enter {name} {container_type}"));
    }

    fn exit_module(&mut self, name: &str, container_type: &str) {
        self.0.push(format!("exit {name} {container_type}"));
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0
            .push(format!("float {D} {} {:?}", param.id, param.dims()));
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.0.push(format!("int {D} {}", param.id));
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.0.push(format!("bool {D} {}", param.id));
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        self.0.push(format!("flag {}", flag.id));
    }
}

fn told<M: Module>(module: &M) -> Told {
    let mut told = Told::default();
    module.visit(&mut told);
    told
}

fn odd(device: &Device) -> Model {
    ModelConfig::from(OddConfig::default())
        .init([1, 4, 4], 1, device)
        .unwrap()
}

#[test]
fn a_visitor_is_told_what_the_model_itself_tells() {
    let device = Device::flex();
    let model = odd(&device);
    let told = told(&model);
    assert_eq!(told, self::told(model.get::<Odd>().unwrap()));
    let floats = told.0.iter().filter(|line| line.starts_with("float"));
    assert_eq!(floats.count(), 8);
    for kind in ["int 1", "flag"] {
        assert!(told.0.iter().any(|line| line.starts_with(kind)), "{kind}");
    }
}

#[test]
fn names_do_not_have_the_kind_in_them() {
    let device = Device::flex();
    let check = |config: ModelConfig, expected: &[&str]| {
        let model = config.init([1, 4, 4], 1, &device).unwrap();
        let names: Vec<_> = named_tensors(&model)
            .into_iter()
            .map(|tensor| tensor.name)
            .collect();
        assert_eq!(names, expected);
    };
    check(
        tied(dense(&[], 3)),
        &["encoder.0.weight", "encoder.0.bias", "decoder.0.bias"],
    );
    check(
        conv(&[2], None),
        &[
            "encoder.0.weight",
            "encoder.0.bias",
            "decoder.0.weight",
            "decoder.0.bias",
        ],
    );
    let logistic = vae(|config| {
        config.likelihood = "logistic".parse().unwrap();
        config.network = network(dense(&[], 2));
    });
    check(
        logistic,
        &[
            "network.encoder.0.weight",
            "network.encoder.0.bias",
            "network.decoder.0.weight",
            "network.decoder.0.bias",
            "log_scale",
        ],
    );
}

#[test]
fn ids_and_values_survive_whatever_is_done_to_the_model() {
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    let model = odd(&device);
    let (names, tensors, told) = (parameter_names(&model), named_tensors(&model), told(&model));
    let check = |what: &str, model: &Model| {
        assert_eq!(parameter_names(model), names, "{what}");
        assert_eq!(named_tensors(model), tensors, "{what}");
        assert_eq!(self::told(model), told, "{what}");
        assert_eq!(model.config().kind(), "odd", "{what}");
    };
    check("clone", &model.clone());
    check("valid", &model.valid());
    check("valid and train", &model.valid().train());
    check("fork", &model.clone().fork(&plain));
    check("to_device", &model.clone().to_device(&plain));
    check("materialize", &model.clone().materialize());
    check("map", &model.clone().map(&mut Nothing));
    check("after_step", &model.clone().after_step(3, &[]));
    assert_eq!(
        model.clone().after_step(3, &[]).get::<Odd>().unwrap().steps,
        3
    );
    assert_eq!(model.devices(), model.get::<Odd>().unwrap().devices());
    assert_eq!(model.num_params(), model.get::<Odd>().unwrap().num_params());
}

/// A mapper that changes nothing.
struct Nothing;

impl ModuleMapper for Nothing {}

/// A mapper that gives each parameter the next id, and counts the sorts.
#[derive(Default)]
struct Renumber {
    next: u64,
    sorts: [usize; 4],
}

impl Renumber {
    fn id(&mut self, sort: usize) -> ParamId {
        self.next += 1;
        self.sorts[sort] += 1;
        ParamId::from(self.next)
    }
}

impl ModuleMapper for Renumber {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (_, value, mapper) = param.consume();
        Param::from_mapped_value(self.id(0), value, mapper)
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        let (_, value, mapper) = param.consume();
        Param::from_mapped_value(self.id(1), value, mapper)
    }

    fn map_bool<const D: usize>(
        &mut self,
        param: Param<Tensor<D, Bool>>,
    ) -> Param<Tensor<D, Bool>> {
        let (_, value, mapper) = param.consume();
        Param::from_mapped_value(self.id(2), value, mapper)
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        let (_, value, mapper) = flag.consume();
        Param::from_mapped_value(self.id(3), value, mapper)
    }
}

#[test]
fn a_mapper_reaches_every_parameter_in_order() {
    let mut renumber = Renumber::default();
    let model = odd(&Device::flex()).map(&mut renumber);
    assert_eq!(renumber.sorts, [8, 1, 0, 1]);
    let ids: Vec<_> = parameter_names(&model)
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(ids, (1..=8).map(ParamId::from).collect::<Vec<_>>());
    let odd = model.get::<Odd>().unwrap();
    assert_eq!(
        (odd.counts.id, odd.is_on.id),
        (ParamId::from(9), ParamId::from(10))
    );
}

#[test]
fn gradients_are_wanted_in_training_and_not_in_validation() {
    struct Wanted(Vec<bool>);
    impl ModuleVisitor for Wanted {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.is_require_grad());
        }
    }
    let wanted = |model: &Model| {
        let mut wanted = Wanted(Vec::new());
        model.visit(&mut wanted);
        wanted.0
    };
    let model = odd(&Device::flex().autodiff());
    assert_eq!(wanted(&model), [true; 8]);
    assert_eq!(wanted(&model.valid()), [false; 8]);
    assert_eq!(wanted(&model.valid().train()), [true; 8]);
    assert_eq!(wanted(&model.no_grad()), [false; 8]);
}

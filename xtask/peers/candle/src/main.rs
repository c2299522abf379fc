//! candle as a peer of `cargo xtask bench`; `serving.py` beside this crate has the protocol.
//!
//! Only the convolutional model, on random pixels. The number of threads is rayon's, `RAYON_NUM_THREADS`.

mod model;

use std::collections::HashMap;
use std::io::{BufRead as _, Write as _};
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Tensor};
use candle_nn::optim::{AdamW, Optimizer as _, ParamsAdamW};
use candle_nn::{VarBuilder, VarMap, loss};
use serde::Deserialize;
use serde_json::{Value, json};

use self::model::Convolutional;

type Error = Box<dyn std::error::Error>;

/// As in `serving.py`.
const MOST_TRAINING_STEPS: usize = 500;

/// A request; what it has beside these is not for candle.
#[derive(Deserialize)]
struct Request {
    task: String,
    model: String,
    shape: [usize; 4],
    data: Option<String>,
    seconds: f64,
}

/// One request's model and images, ready to run.
struct Job {
    model: Convolutional,
    images: Tensor,
    variables: VarMap,
    /// What training begins with; `None` where nothing is trained.
    first: Option<HashMap<String, Tensor>>,
    optimizer: AdamW,
    parameters: usize,
}

impl Job {
    fn new(request: &Request) -> Result<Self, Error> {
        if request.model != "conv" {
            return Err("no such model here".into());
        }
        if request.data.is_some() {
            return Err("no data here".into());
        }
        let is_trained = request.task == "train";
        let device = Device::Cpu;
        let variables = VarMap::new();
        let weights = VarBuilder::from_varmap(&variables, DType::F32, &device);
        let mut model = Convolutional::new(request.shape[1], weights)?;
        let values = values(&variables)?;
        let parameters = values.values().map(Tensor::elem_count).sum();
        if !is_trained {
            // Plain tensors: what is computed of them is not recorded to be differentiated.
            let weights = VarBuilder::from_tensors(values.clone(), DType::F32, &device);
            model = Convolutional::new(request.shape[1], weights)?;
        }
        Ok(Self {
            model,
            images: Tensor::rand(0.0_f32, 1.0, &request.shape, &device)?,
            optimizer: adam(&variables)?,
            variables,
            first: is_trained.then_some(values),
            parameters,
        })
    }

    fn begin(&mut self) -> Result<(), Error> {
        if let Some(first) = &self.first {
            self.variables.set(first.iter())?;
            self.optimizer = adam(&self.variables)?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<f32, Error> {
        let output = self.model.forward(&self.images)?;
        if self.first.is_none() {
            return Ok(output.flatten_all()?.get(0)?.to_scalar()?);
        }
        let loss = loss::mse(&output, &self.images)?;
        self.optimizer.backward_step(&loss)?;
        Ok(loss.to_scalar()?)
    }
}

/// Copies of the variables' values, by name.
fn values(variables: &VarMap) -> Result<HashMap<String, Tensor>, Error> {
    let variables = variables.data().lock().map_err(|error| error.to_string())?;
    variables
        .iter()
        .map(|(name, variable)| Ok((name.clone(), variable.as_detached_tensor().copy()?)))
        .collect()
}

/// Adam: candle has it as AdamW without decay.
fn adam(variables: &VarMap) -> Result<AdamW, Error> {
    let settings = ParamsAdamW {
        weight_decay: 0.0,
        ..ParamsAdamW::default()
    };
    Ok(AdamW::new(variables.all_vars(), settings)?)
}

fn answer(line: &str, ready: &mut HashMap<String, Job>) -> Result<Value, Error> {
    let request: Request = serde_json::from_str(line)?;
    let key = format!("{} {:?}", request.task, request.shape);
    if !ready.contains_key(&key) {
        let mut job = Job::new(&request)?;
        for _ in 0..3 {
            job.step()?;
        }
        ready.insert(key.clone(), job);
    }
    let job = ready.get_mut(&key).ok_or("it was just put there")?;
    job.begin()?;
    job.step()?;
    let most = if job.first.is_some() {
        MOST_TRAINING_STEPS
    } else {
        usize::MAX
    };
    let limit = Duration::from_secs_f64(request.seconds);
    let (mut steps, start) = (0, Instant::now());
    while steps < 2 || (steps < most && start.elapsed() < limit) {
        job.step()?;
        steps += 1;
    }
    let images = (steps * request.shape[0]) as f64;
    Ok(json!({
        "images_per_second": images / start.elapsed().as_secs_f64(),
        "steps": steps,
        "parameters": job.parameters,
    }))
}

/// The version of candle that this was built with.
fn version() -> &'static str {
    include_str!("../Cargo.lock")
        .split_once("name = \"candle-core\"\nversion = \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("of no known version", |(version, _)| version)
}

fn main() -> Result<(), Error> {
    let mut replies = std::io::stdout();
    writeln!(
        replies,
        "{}",
        json!({ "peer": format!("candle {}", version()) })
    )?;
    let mut ready = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let reply = answer(&line?, &mut ready)
            .unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(replies, "{reply}")?;
    }
    Ok(())
}

//! `ae encode`.

use std::path::PathBuf;

use ae_data::Part;
use ae_infer::{InferError, write_npy};
use ae_report::thousands;
use clap::Args;
use serde::Serialize;

use crate::arguments::{DataArguments, DeviceArguments, ModelPosition, part};
use crate::context::Context;
use crate::destination::check_writable;
use crate::error::CliError;
use crate::measured_set::MeasuredSet;
use crate::opening::{find, open_with_images};
use crate::sharded::{Sharded, shards_of};

/// Turn images into codes, as a NumPy file of floating-point numbers.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  ae encode runs/glyphs-conv-1 --data letters.tar.gz -o codes.npy
  ae encode --data photo.png -o code.npy
  python3 -c 'import numpy; print(numpy.load(\"codes.npy\").shape)'
  mpirun -n 4 ae encode runs/glyphs-conv-1 --data 'shards/*.tar' -o codes/

Of shards each has a file in the folder --out, and files that are there are not made again.

The file holds little-endian float32 in C order, shape (images, code's shape...).")]
pub(super) struct EncodeArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// The images.
    #[command(flatten)]
    data: DataArguments,
    /// Which images [default: test, of the set that the model was trained on; all, of any other].
    #[arg(long, value_parser = part())]
    part: Option<Part>,
    /// The .npy file.
    #[arg(long, short, value_name = "FILE", default_value = "codes.npy")]
    out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

#[derive(Serialize)]
struct Encoded {
    file: PathBuf,
    shape: Vec<usize>,
    dtype: &'static str,
    model: String,
    #[serde(flatten)]
    set: MeasuredSet,
}

pub(super) fn run(arguments: EncodeArguments, context: &Context<'_>) -> Result<(), CliError> {
    let Some(shards) = shards_of(arguments.data.data.as_deref())? else {
        context.ranks.check_alone("encode")?;
        return encode(arguments, context);
    };
    let model = find(arguments.model.clone().path().as_deref(), context)?;
    let sharded = Sharded {
        command: "encode",
        shards,
        out: &arguments.out,
        extension: "npy",
        model: Some(model.file()),
        force: arguments.force,
    };
    let options = {
        let mut data = arguments.data.clone();
        data.data = None;
        (data, arguments.part)
    };
    sharded.run(&options, context, |shard, out, context| {
        let mut arguments = arguments.clone();
        arguments.data.data = Some(shard.display().to_string());
        arguments.data.strict = true;
        arguments.part = arguments.part.or(Some(Part::All));
        arguments.out = out.to_owned();
        encode(arguments, context)
    })
}

fn encode(arguments: EncodeArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    check_writable(&arguments.out, arguments.force)?;
    let (model, opened, images) = open_with_images(
        arguments.model,
        &arguments.data,
        arguments.part,
        arguments.device,
        context,
    )?;
    let code_shape = model.code_shape()?;
    write_npy::<InferError>(&arguments.out, images.len(), &code_shape, |codes| {
        model.encode_set(&images, |code| codes.push(code))
    })?;
    let mut shape = vec![images.len()];
    shape.extend(code_shape);
    let encoded = Encoded {
        file: arguments.out,
        shape,
        dtype: "float32",
        model: model.name().to_owned(),
        set: MeasuredSet::of(&opened),
    };
    terminal.result(&encoded, || encoded.text())
}

impl Encoded {
    fn text(&self) -> String {
        let shape: Vec<_> = self
            .shape
            .iter()
            .map(|&size| thousands(size as u64))
            .collect();
        format!(
            "{}: shape ({}), dtype {}, {} bytes of numbers\n{}",
            self.file.display(),
            shape.join(", "),
            self.dtype,
            thousands(self.shape.iter().product::<usize>() as u64 * 4),
            self.set.line(self.shape[0]),
        )
    }
}

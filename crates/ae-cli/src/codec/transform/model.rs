//! Opening models of the codec `transform`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ae_codec::{Codec, EncoderSettings, LossyTables, ModelHash, TransformTables};
use ae_infer::{ComputePath, ModelPath, OpenModel, runs_in};

use super::coder::LossyCoder;
use super::is_of_codec;
use super::tables::{TABLES_FILE, network_file};
use crate::arguments::RUNS;
use crate::backend::{self, BackendChoice};
use crate::context::Context;
use crate::error::{CliError, Status};

/// An autoencoder and the tables of its symbols.
#[derive(Debug)]
pub(crate) struct TransformModel {
    pub(crate) model: OpenModel,
    pub(crate) tables: LossyTables,
    /// Bytes of the two files.
    pub(crate) bytes: u64,
}

impl TransformModel {
    /// Whether it is for pictures of any sizes.
    pub(crate) fn is_of_pictures(&self) -> bool {
        matches!(self.tables, LossyTables::Pictures(_))
    }

    /// Images of a chunk where nothing is asked for: of pictures, whose heads weigh nothing beside them, one.
    pub(crate) fn usual_group(&self) -> usize {
        match self.is_of_pictures() {
            true => 1,
            false => EncoderSettings::default().group,
        }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        self.model.name()
    }

    /// What codes at a quality, counted from 1: the one that is asked for, or the only one.
    ///
    /// # Errors
    /// There is no such, or none is asked for and there are several.
    pub(crate) fn coder(&self, quality: Option<usize>) -> Result<LossyCoder<'_>, CliError> {
        let qualities = self.tables.qualities();
        let what = match quality {
            None => "--quality".to_owned(),
            Some(quality) => format!("--quality {quality}"),
        };
        match (quality, qualities) {
            (None, 2..) => Err(CliError::usage(
                what,
                format!("required: {} has qualities 1 to {qualities}", self.name()),
            )
            .hint(
                "1 takes the fewest bits; ae eval RUN --rate-distortion shows what each is worth",
            )),
            (Some(_), 1) => Err(CliError::usage(
                what,
                format!(
                    "{} has one quality, there is nothing to choose",
                    self.name()
                ),
            )
            .hint("ae train --model transform --lambda X,X,... trains a model of several")),
            (quality, _) => {
                let coder = LossyCoder::new(&self.tables, quality.unwrap_or(1));
                coder.ok_or_else(|| {
                    let reason = format!("{} has qualities 1 to {qualities}", self.name());
                    CliError::usage(what, reason)
                })
            }
        }
    }
}

/// Whether a path is a run of the codec, or its model file.
pub(crate) fn is_transform(path: &Path, context: &Context<'_>) -> bool {
    if path.join(TABLES_FILE).is_file() {
        return true;
    }
    let found = ModelPath::find(path).map(|found| found.card(context.registry));
    let config = found.ok().and_then(Result::ok).and_then(|card| card.config);
    config.is_some_and(|config| is_of_codec(config.kind()))
}

/// Opens the model of a run, or a model file with its tables beside it.
///
/// # Errors
/// There is none, or its tables are missing, damaged or of another one.
pub(crate) fn open(path: &Path, context: &Context<'_>) -> Result<TransformModel, CliError> {
    let found = ModelPath::find(path)?;
    check_tables(&found)?;
    let device = backend::open(BackendChoice::default())?;
    let model = OpenModel::load(
        &found,
        context.registry,
        ComputePath::default().on(&device.device),
    )?;
    with_tables(model, &found)
}

/// Refuses a model without tables beside it.
fn check_tables(found: &ModelPath) -> Result<(), CliError> {
    let tables_file = tables_of(found);
    if !tables_file.is_file() {
        let reason = format!("no {TABLES_FILE} beside it, without which nothing is coded");
        return Err(
            CliError::failure(Status::Model, found.file().display(), reason).hint(
                "ae train writes it when a run ends, and it has to lie beside a copied model file; ae train --resume RUN goes on with a run that was stopped",
            ),
        );
    }
    Ok(())
}

/// A model that is open with the tables beside its file.
///
/// # Errors
/// They are missing, damaged or of another model.
pub(crate) fn with_tables(model: OpenModel, found: &ModelPath) -> Result<TransformModel, CliError> {
    check_tables(found)?;
    let tables_file = tables_of(found);
    let network = network_file(found.file())?;
    let mut opened =
        File::open(&tables_file).map_err(|error| CliError::io(&tables_file, "read", &error))?;
    let tables = LossyTables::read(&mut opened)
        .map_err(|error| CliError::from(error).about(&tables_file))?;
    if tables.network() != TransformTables::network_of(&network) {
        let reason = format!("measured for another model than {}", found.file().display());
        return Err(
            CliError::failure(Status::Model, tables_file.display(), reason)
                .hint("the two files of a run belong together"),
        );
    }
    let shape = model.image_shape();
    let of_model = match &tables {
        LossyTables::Images(tables)
            if !model.is_picture_transform() && model.index_grid().is_none() =>
        {
            let of_tables = tables.shape();
            (shape.height, shape.width) == (of_tables.height(), of_tables.width())
                && model.code_values()? == tables.code().symbols()
        }
        LossyTables::Pictures(tables) if model.is_picture_transform() => {
            let block = model.symbol_block()?;
            (block.side, block.channels) == (tables.reduction(), tables.channels())
        }
        LossyTables::Indices(tables) => model.index_grid().is_some_and(|grid| {
            let (of_tables, code) = (tables.shape(), tables.code());
            (shape.height, shape.width) == (of_tables.height(), of_tables.width())
                && (grid.rows, grid.columns) == (code.rows(), code.columns())
                && grid.codewords == code.codewords()
        }),
        _ => false,
    };
    let qualities = match &tables {
        LossyTables::Indices(_) => 1,
        _ => model.qualities()?,
    };
    let fits = of_model && shape.channels == 1 && qualities == tables.qualities();
    if !fits {
        let reason = "they do not fit the model beside them";
        return Err(CliError::failure(
            Status::Model,
            tables_file.display(),
            reason,
        ));
    }
    let tables_bytes = fs::metadata(&tables_file).map_or(0, |metadata| metadata.len());
    Ok(TransformModel {
        model,
        tables,
        bytes: network.len() as u64 + tables_bytes,
    })
}

/// The run under `runs/` whose tables have this hash.
///
/// # Errors
/// There is none.
pub(crate) fn find(
    codec: Codec,
    hash: ModelHash,
    context: &Context<'_>,
) -> Result<TransformModel, CliError> {
    let has_hash = |run: &PathBuf| {
        let file = File::open(run.join(TABLES_FILE));
        file.is_ok_and(|mut file| {
            LossyTables::read(&mut file).is_ok_and(|tables| tables.hash() == hash)
        })
    };
    let run = runs_in(Path::new(RUNS)).into_iter().find(has_hash);
    let run = run.ok_or_else(|| {
        let reason = format!("no run under {RUNS}/ has the {} model {hash}", codec.name());
        CliError::failure(Status::Model, "--model", reason)
            .hint("--model names the run that the file was coded with")
    })?;
    context.terminal.note(format!("model: {}", run.display()));
    open(&run, context)
}

/// The tables' file of a model.
fn tables_of(model: &ModelPath) -> PathBuf {
    let folder = model.file().parent().unwrap_or(Path::new(""));
    folder.join(TABLES_FILE)
}

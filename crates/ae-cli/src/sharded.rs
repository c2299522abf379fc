//! Commands over a set in shards: a result for each, whole or not there, by whichever of several processes it falls to.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use ae_files::write_atomically;
use ae_report::{counted, thousands};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::context::Context;
use crate::destination::{PIPE, make_folder};
use crate::error::{CliError, Status};

/// Says in the folder of the results what they are of.
const RECORD: &str = "shards.json";

/// What results in one folder have in common.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    command: String,
    /// The SHA-256 of the model's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_sha256: Option<String>,
    /// What else the command was told.
    options: String,
    /// The shards that results were or are being made of, by the stems of their names.
    #[serde(default)]
    shards: BTreeMap<String, ShardDigest>,
}

/// Tells a shard from another of its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ShardDigest {
    bytes: u64,
    /// The SHA-256 of the first MiB and the last.
    ends_sha256: String,
}

/// Bytes of a shard's beginning, and of its end, that its digest is of.
const END_BYTES: u64 = 1 << 20;

/// A command and its shards.
pub(crate) struct Sharded<'a> {
    /// The command's name.
    pub(crate) command: &'static str,
    /// All shards, in their order.
    pub(crate) shards: Vec<PathBuf>,
    /// The folder of the results.
    pub(crate) out: &'a Path,
    /// The ending of a result.
    pub(crate) extension: &'static str,
    /// The file of the model, where it is one.
    pub(crate) model: Option<&'a Path>,
    /// Whether results that are there are computed anew.
    pub(crate) force: bool,
}

/// What a process has done.
#[derive(Serialize)]
struct Done {
    folder: PathBuf,
    rank: usize,
    ranks: usize,
    /// Of the whole set.
    shards: usize,
    written: usize,
    /// Those whose results were there.
    skipped: usize,
}

/// The shards that a source names; `None` where it is an ordinary set.
///
/// # Errors
/// One of them is missing.
pub(crate) fn shards_of(source: Option<&str>) -> Result<Option<Vec<PathBuf>>, CliError> {
    match source {
        Some(source) => Ok(ae_data::shards(source)?),
        None => Ok(None),
    }
}

impl Sharded<'_> {
    /// Has `one` make the result of each shard that falls to this process: of R ranks, rank r has every R-th from r on. A
    /// result that is there is complete, as it is written beside its name, and is passed over. `options` say what else
    /// decides the results.
    ///
    /// # Errors
    /// The folder holds results of another model or other options; the first error of `one`, with its shard.
    pub(crate) fn run(
        &self,
        options: &impl Debug,
        context: &Context<'_>,
        mut one: impl FnMut(&Path, &Path, &Context<'_>) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let ranks = context.ranks;
        ranks.part();
        let extension = self.out.extension();
        let is_file = extension.is_some_and(|extension| extension == self.extension);
        if is_file || self.out == Path::new(PIPE) {
            return Err(CliError::usage(
                format!("--out {}", self.out.display()),
                "shards have a result each, in a folder",
            ));
        }
        make_folder(self.out)?;
        self.check_record(options)?;
        let of_shard = {
            let mut of_shard = *context;
            of_shard.terminal.is_of_shard = true;
            of_shard
        };
        let (mut written, mut skipped) = (0, 0);
        let own = self.shards.iter().skip(ranks.rank()).step_by(ranks.size());
        for shard in own {
            let result = self.result_of(&stem(shard));
            if result.exists() && !self.force {
                skipped += 1;
                context.terminal.said_by_all(format!(
                    "{}: passed over, {} is there",
                    shard.display(),
                    result.display()
                ));
                continue;
            }
            one(shard, &result, &of_shard).map_err(|error| error.naming(shard))?;
            written += 1;
            context
                .terminal
                .said_by_all(format!("{}: {}", shard.display(), result.display()));
        }
        let done = Done {
            folder: self.out.to_owned(),
            rank: ranks.rank(),
            ranks: ranks.size(),
            shards: self.shards.len(),
            written,
            skipped,
        };
        let mut terminal = context.terminal;
        terminal.is_mute = false;
        terminal.result(&done, || done.text())
    }

    /// The file of a shard's result.
    fn result_of(&self, stem: &str) -> PathBuf {
        self.out.join(format!("{stem}.{}", self.extension))
    }

    /// Refuses a folder with results of another model or of other images, and says in a new one what its results are of.
    fn check_record(&self, options: &impl Debug) -> Result<(), CliError> {
        let path = self.out.join(RECORD);
        let model = self.model.filter(|file| file.is_file());
        let model_sha256 = model.map(sha256_of).transpose()?;
        let shards = self
            .shards
            .iter()
            .map(|shard| Ok((stem(shard), ShardDigest::of(shard)?)));
        let mut record = Record {
            command: self.command.to_owned(),
            model_sha256,
            options: format!("{options:?}"),
            shards: shards.collect::<Result<_, CliError>>()?,
        };
        if let Ok(text) = fs::read(&path)
            && !self.force
            && self.has_results()
        {
            let found: Option<Record> = serde_json::from_slice(&text).ok();
            let refusal = match &found {
                Some(found) => self.refusal(found, &record),
                None => Some("holds results of something unknown".to_owned()),
            };
            if let Some(reason) = refusal {
                return Err(CliError::failure(Status::Files, self.out.display(), reason)
                    .hint("--out names another folder; --force writes over what is there"));
            }
            for (stem, digest) in found.map(|found| found.shards).unwrap_or_default() {
                record.shards.entry(stem).or_insert(digest);
            }
        }
        let text = serde_json::to_string_pretty(&record)
            .map_err(|error| CliError::failure(Status::Internal, RECORD, error))?;
        write_atomically(&path, |file| file.write_all(text.as_bytes()))
            .map_err(|error| CliError::io(&path, "write", &error))
    }

    /// Whether anything but the record and unfinished files is in the folder.
    fn has_results(&self) -> bool {
        let entries = fs::read_dir(self.out).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name());
        names.any(|name| name != RECORD && !name.to_string_lossy().starts_with('.'))
    }

    /// Why results that are there cannot be joined by those of this command.
    fn refusal(&self, found: &Record, record: &Record) -> Option<String> {
        let what = match found {
            _ if found.command != record.command => "another command",
            _ if found.model_sha256 != record.model_sha256 => "another model",
            _ if found.options != record.options => "other options",
            _ => {
                let other =
                    record
                        .shards
                        .iter()
                        .find(|(stem, digest)| match found.shards.get(*stem) {
                            Some(before) => before != *digest,
                            None => self.result_of(stem).exists(),
                        });
                return other.map(|(stem, _)| format!("holds a result of another {stem}.tar"));
            }
        };
        Some(format!("holds results of {what}"))
    }
}

impl ShardDigest {
    fn of(shard: &Path) -> Result<Self, CliError> {
        let read = || -> io::Result<Self> {
            let mut file = File::open(shard)?;
            let bytes = file.metadata()?.len();
            let mut ends = Vec::new();
            (&file).take(END_BYTES).read_to_end(&mut ends)?;
            file.seek(SeekFrom::Start(bytes.saturating_sub(END_BYTES)))?;
            (&file).take(END_BYTES).read_to_end(&mut ends)?;
            Ok(Self {
                bytes,
                ends_sha256: hexadecimal(&Sha256::digest(ends)),
            })
        };
        read().map_err(|error| CliError::io(shard, "read", &error))
    }
}

/// A shard's name without its ending.
fn stem(shard: &Path) -> String {
    let stem = shard.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

impl Done {
    fn text(&self) -> String {
        let of_rank = match self.ranks {
            1 => String::new(),
            ranks => format!("rank {} of {ranks}: ", self.rank),
        };
        format!(
            "{of_rank}{}: {} of {} written, {} passed over",
            self.folder.display(),
            thousands(self.written as u64),
            counted(self.shards, "shard"),
            thousands(self.skipped as u64),
        )
    }
}

fn sha256_of(file: &Path) -> Result<String, CliError> {
    let content = fs::read(file).map_err(|error| CliError::io(file, "read", &error))?;
    Ok(hexadecimal(&Sha256::digest(content)))
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

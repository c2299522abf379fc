//! `ae devices`.

use ae_report::Column;
use clap::Args;
use serde::Serialize;

use crate::backend::{self, BuiltBackend, DeviceEntry};
use crate::context::Context;
use crate::error::CliError;

/// List the backends of this build and the devices of this machine.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ae devices\n  ae devices --json")]
pub(super) struct DevicesArguments {}

#[derive(Serialize)]
struct Devices {
    backends: Vec<BuiltBackend>,
    devices: Vec<DeviceEntry>,
}

pub(super) fn run(_arguments: DevicesArguments, context: &Context<'_>) -> Result<(), CliError> {
    let devices = Devices {
        backends: backend::built_backends(),
        devices: backend::list(),
    };
    context.terminal.result(&devices, || text(&devices))
}

fn text(devices: &Devices) -> String {
    let rows: Vec<Vec<String>> = devices
        .devices
        .iter()
        .map(|entry| {
            vec![
                entry.backend.clone(),
                entry.device.clone(),
                if entry.auto {
                    "taken by --backend auto"
                } else {
                    ""
                }
                .to_owned(),
            ]
        })
        .collect();
    let mut text = ae_report::table(&["--backend", "device", ""].map(Column::left), &rows);
    let missing: Vec<_> = devices
        .backends
        .iter()
        .filter(|backend| !backend.built)
        .map(|backend| backend.backend)
        .collect();
    if !missing.is_empty() {
        text.push_str(&format!("\nnot in this build: {}\n", missing.join(", ")));
    }
    text
}

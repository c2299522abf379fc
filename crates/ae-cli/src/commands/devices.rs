//! `ae devices`.

use ae_report::Column;
use serde::Serialize;

use crate::arguments::OutputArguments;
use crate::backend::{self, BuiltBackend, DeviceEntry};
use crate::error::CliError;
use crate::terminal::Terminal;

#[derive(Serialize)]
struct Devices {
    backends: Vec<BuiltBackend>,
    devices: Vec<DeviceEntry>,
}

pub(super) fn run(output: OutputArguments) -> Result<(), CliError> {
    let devices = Devices {
        backends: backend::built_backends(),
        devices: backend::list(),
    };
    Terminal::from(output).result(&devices, || text(&devices))
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

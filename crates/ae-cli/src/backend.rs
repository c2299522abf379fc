//! Which backends exist: the one file that knows.
//!
//! A backend is compiled in by the cargo feature of its name and chosen at run time by
//! `--backend`; `--threads` sets rayon's global pool, on which the CPU backends compute.
//! Everything else in the workspace sees only Burn's [`Device`].

use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;
use serde::Serialize;

use crate::error::{CliError, Status};

/// What the user asked for with `--backend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum BackendChoice {
    /// A hardware GPU when the build has wgpu and one is there, else the fastest CPU backend.
    #[default]
    Auto,
    /// Burn's CPU backend.
    Flex,
    /// The older CPU backend, kept to compare with.
    NdArray,
    /// A GPU through Vulkan, Metal or DirectX.
    Wgpu(Adapter),
}

/// Which of wgpu's adapters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adapter {
    /// The first hardware GPU, discrete before integrated before virtual.
    FirstGpu,
    /// A hardware GPU by its number in `ae devices`.
    Gpu(usize),
    /// A software adapter such as lavapipe: slow, and only on request.
    Software,
}

const CHOICES: &str = "auto, flex, ndarray, wgpu, wgpu:cpu, wgpu:NUMBER";

impl FromStr for BackendChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "flex" => Ok(Self::Flex),
            "ndarray" => Ok(Self::NdArray),
            "wgpu" => Ok(Self::Wgpu(Adapter::FirstGpu)),
            "wgpu:cpu" => Ok(Self::Wgpu(Adapter::Software)),
            _ => text
                .strip_prefix("wgpu:")
                .and_then(|number| number.parse().ok())
                .map(|number| Self::Wgpu(Adapter::Gpu(number)))
                .ok_or_else(|| format!("not one of {CHOICES}")),
        }
    }
}

impl Display for BackendChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Flex => formatter.write_str("flex"),
            Self::NdArray => formatter.write_str("ndarray"),
            Self::Wgpu(Adapter::FirstGpu) => formatter.write_str("wgpu"),
            Self::Wgpu(Adapter::Software) => formatter.write_str("wgpu:cpu"),
            Self::Wgpu(Adapter::Gpu(number)) => write!(formatter, "wgpu:{number}"),
        }
    }
}

/// A device that is ready to compute, and what to call it.
#[derive(Debug, Clone)]
pub(crate) struct OpenDevice {
    /// Burn's handle, without automatic differentiation.
    pub device: Device,
    /// For people: `flex (CPU)`, `wgpu (NVIDIA H100 PCIe)`.
    pub name: String,
}

/// A device that `--backend` can name, as `ae devices` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DeviceEntry {
    /// The value for `--backend`.
    pub backend: String,
    /// What it is.
    pub device: String,
    /// Whether this is a processor rather than a GPU.
    pub software: bool,
    /// Whether `--backend auto` takes it.
    pub auto: bool,
}

/// A backend, and whether this build has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct BuiltBackend {
    /// Its name, which is also the cargo feature's.
    pub backend: &'static str,
    /// Whether it is compiled in.
    pub built: bool,
}

/// Every backend `ae` can be built with.
pub(crate) fn built_backends() -> Vec<BuiltBackend> {
    [
        ("flex", cfg!(feature = "flex")),
        ("ndarray", cfg!(feature = "ndarray")),
        ("wgpu", cfg!(feature = "wgpu")),
    ]
    .into_iter()
    .map(|(backend, built)| BuiltBackend { backend, built })
    .collect()
}

/// Opens the device that the user asked for.
///
/// # Errors
/// The build lacks the backend (usage), or the machine lacks such a device.
pub(crate) fn open(choice: BackendChoice) -> Result<OpenDevice, CliError> {
    match choice {
        BackendChoice::Auto => open_auto(),
        BackendChoice::Flex => open_flex(),
        BackendChoice::NdArray => open_ndarray(),
        BackendChoice::Wgpu(adapter) => wgpu::open(adapter),
    }
}

fn open_auto() -> Result<OpenDevice, CliError> {
    // A GPU that is there but doesn't start is no reason to fail: nobody asked for it.
    if wgpu::has_gpu()
        && let Ok(device) = wgpu::open(Adapter::FirstGpu)
    {
        return Ok(device);
    }
    open_flex()
        .or_else(|_| open_ndarray())
        .map_err(|_| match cfg!(feature = "wgpu") {
            true => CliError::failure(
                Status::Device,
                "--backend auto",
                "no hardware GPU, and this build has no CPU backend",
            )
            .hint("--backend wgpu:cpu takes a software adapter"),
            false => not_built("auto"),
        })
}

#[cfg(feature = "flex")]
fn open_flex() -> Result<OpenDevice, CliError> {
    Ok(OpenDevice {
        device: Device::flex(),
        name: "flex (CPU)".to_owned(),
    })
}

#[cfg(not(feature = "flex"))]
fn open_flex() -> Result<OpenDevice, CliError> {
    Err(not_built("flex"))
}

#[cfg(feature = "ndarray")]
#[expect(deprecated, reason = "kept to compare with until Burn drops it")]
fn open_ndarray() -> Result<OpenDevice, CliError> {
    Ok(OpenDevice {
        device: Device::ndarray(),
        name: "ndarray (CPU)".to_owned(),
    })
}

#[cfg(not(feature = "ndarray"))]
fn open_ndarray() -> Result<OpenDevice, CliError> {
    Err(not_built("ndarray"))
}

fn not_built(backend: &str) -> CliError {
    let built: Vec<_> = built_backends()
        .into_iter()
        .filter(|backend| backend.built)
        .map(|backend| backend.backend)
        .collect();
    CliError::usage(
        format!("--backend {backend}"),
        format!("not in this build, which has {}", built.join(", ")),
    )
    .hint(format!(
        "build with: cargo build --release -p ae-cli --features {backend}"
    ))
}

/// What the standard library gives a thread for its stack.
const STACK_BYTES: usize = 2 << 20;

/// Starts the threads that computations use, for the whole process: as many as asked for, or one a processor.
///
/// # Errors
/// The threads cannot be started.
pub(crate) fn set_threads(threads: Option<usize>) -> Result<(), CliError> {
    if let Some(threads) = threads {
        let stacks = threads.saturating_mul(STACK_BYTES);
        // Where there is no room for them all, some would start, and which request fails then is a matter of timing.
        let mut room = Vec::<u8>::new();
        room.try_reserve_exact(stacks).map_err(|_| {
            let what = format!("--threads {threads}");
            CliError::failure(Status::Device, what, "not enough memory for their stacks")
        })?;
        // Room that nobody uses would not be asked for.
        std::hint::black_box(&room);
    }
    // Started here in any case: where the first computation would start them, it would panic when it could not.
    static IS_SET: AtomicBool = AtomicBool::new(false);
    let is_same = || threads.is_none_or(|threads| threads == rayon::current_num_threads());
    if IS_SET.load(Ordering::Relaxed) && is_same() {
        // A command that runs once for each of several sets.
        return Ok(());
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build_global()
        .map(|()| IS_SET.store(true, Ordering::Relaxed))
        .map_err(|error| {
            let what = threads.map_or("threads".to_owned(), |threads| {
                format!("--threads {threads}")
            });
            CliError::failure(Status::Device, what, error)
        })
}

/// Lists the devices that this build and this machine have; opens GPUs to learn their names.
pub(crate) fn list() -> Vec<DeviceEntry> {
    let processor = format!(
        "CPU, {} threads",
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    let mut entries: Vec<_> = built_backends()
        .into_iter()
        .filter(|backend| backend.built && backend.backend != "wgpu")
        .map(|backend| DeviceEntry {
            backend: backend.backend.to_owned(),
            device: processor.clone(),
            software: true,
            auto: false,
        })
        .collect();
    entries.extend(wgpu::list());
    let taken = entries
        .iter()
        .position(|entry| !entry.software)
        .or_else(|| entries.iter().position(|entry| entry.backend != "wgpu:cpu"));
    if let Some(taken) = taken {
        entries[taken].auto = true;
    }
    entries
}

#[cfg(feature = "wgpu")]
mod wgpu {
    use burn::tensor::{Device, DeviceKind, DeviceType};

    use super::{Adapter, BackendChoice, DeviceEntry, OpenDevice};
    use crate::error::{CliError, Status};

    /// More GPUs than one machine holds.
    const MOST_GPUS: usize = 64;

    /// The hardware GPUs of this machine, discrete before integrated before virtual.
    ///
    /// Software adapters enumerate as `DeviceKind::Cpu` and are left out. Nothing is opened here.
    fn gpu_kinds() -> Vec<DeviceKind> {
        let found = Device::enumerate(DeviceType::Wgpu).into_vec();
        let of_one_kind = |kind: fn(usize) -> DeviceKind| {
            let found = &found;
            (0..MOST_GPUS)
                .map(kind)
                .take_while(move |kind| found.contains(&Device::wgpu(kind.clone())))
        };
        of_one_kind(DeviceKind::DiscreteGpu)
            .chain(of_one_kind(DeviceKind::IntegratedGpu))
            .chain(of_one_kind(DeviceKind::VirtualGpu))
            .collect()
    }

    fn has_software_adapter() -> bool {
        Device::enumerate(DeviceType::Wgpu)
            .into_vec()
            .contains(&Device::wgpu(DeviceKind::Cpu))
    }

    pub(super) fn has_gpu() -> bool {
        !gpu_kinds().is_empty()
    }

    pub(super) fn open(adapter: Adapter) -> Result<OpenDevice, CliError> {
        let what = format!("--backend {}", BackendChoice::Wgpu(adapter));
        let gpus = gpu_kinds();
        let kind = match adapter {
            Adapter::Software if has_software_adapter() => DeviceKind::Cpu,
            Adapter::Software => {
                return Err(CliError::failure(
                    Status::Device,
                    what,
                    "no software adapter is installed",
                )
                .hint("Mesa's lavapipe is one; ae devices lists what is there"));
            }
            Adapter::FirstGpu | Adapter::Gpu(_) => {
                let number = match adapter {
                    Adapter::Gpu(number) => number,
                    _ => 0,
                };
                gpus.get(number)
                    .cloned()
                    .ok_or_else(|| no_gpu(&what, gpus.len()))?
            }
        };
        start(kind).map_err(|reason| CliError::failure(Status::Device, what, reason))
    }

    fn no_gpu(what: &str, gpus: usize) -> CliError {
        if gpus > 0 {
            return CliError::failure(
                Status::Device,
                what,
                format!("this machine has {gpus} of them, from 0 on"),
            )
            .hint("ae devices lists them");
        }
        let error = CliError::failure(
            Status::Device,
            what,
            "this machine has no hardware GPU that wgpu reaches",
        );
        if has_software_adapter() {
            error.hint(
                "--backend wgpu:cpu takes the software adapter (slow), --backend flex the CPU",
            )
        } else {
            error.hint("--backend flex computes on the CPU")
        }
    }

    fn start(kind: DeviceKind) -> Result<OpenDevice, String> {
        let (device, setup) = Device::wgpu_options()
            .device_kind(kind)
            .init_with_setup()
            .map_err(|error| error.to_string())?;
        let information = setup.adapter.get_info();
        Ok(OpenDevice {
            device,
            name: format!("wgpu ({}, {})", information.name, information.backend),
        })
    }

    pub(super) fn list() -> Vec<DeviceEntry> {
        let gpus = gpu_kinds();
        let numbers = gpus.into_iter().enumerate().map(|(number, kind)| {
            let choice = BackendChoice::Wgpu(Adapter::Gpu(number));
            (choice, kind, false)
        });
        let software_choice = BackendChoice::Wgpu(Adapter::Software);
        let software = has_software_adapter().then_some((software_choice, DeviceKind::Cpu, true));
        numbers
            .chain(software)
            .map(|(choice, kind, software)| DeviceEntry {
                backend: choice.to_string(),
                device: start(kind).map_or_else(
                    |reason| format!("does not start: {reason}"),
                    |device| device.name,
                ),
                software,
                auto: false,
            })
            .collect()
    }
}

#[cfg(not(feature = "wgpu"))]
mod wgpu {
    use super::{Adapter, DeviceEntry, OpenDevice, not_built};
    use crate::error::CliError;

    pub(super) fn has_gpu() -> bool {
        false
    }

    pub(super) fn open(_adapter: Adapter) -> Result<OpenDevice, CliError> {
        Err(not_built("wgpu"))
    }

    pub(super) fn list() -> Vec<DeviceEntry> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_are_written() {
        for text in ["auto", "flex", "ndarray", "wgpu", "wgpu:cpu", "wgpu:3"] {
            assert_eq!(BackendChoice::from_str(text).unwrap().to_string(), text);
        }
        for text in ["", "cuda", "Flex", "wgpu:", "wgpu:-1", "wgpu:gpu", "flex:0"] {
            let error = BackendChoice::from_str(text).expect_err(text);
            assert!(error.contains("wgpu:cpu"), "{error}");
        }
    }

    #[test]
    fn auto_takes_one_listed_device_and_never_a_software_adapter() {
        let entries = list();
        let taken: Vec<_> = entries.iter().filter(|entry| entry.auto).collect();
        assert_eq!(taken.len(), 1, "{entries:?}");
        assert_ne!(taken[0].backend, "wgpu:cpu");
    }
}

//! Commands that a launcher has started several times, in a build without MPI.

use std::path::Path;

use crate::command::{Arguments, Ended, command};
use crate::fixture::{FIXTURE, scratch};

/// Runs `ae` as one of several that `mpirun` or `srun` has started.
pub(crate) fn as_rank<A: Arguments + ?Sized>(
    folder: &Path,
    arguments: &A,
    variables: &[(&str, &str)],
) -> Ended {
    let output = command(folder, arguments)
        .envs(variables.iter().copied())
        .output()
        .expect("ae starts");
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

/// A launcher's name and the variables of its ranks 0 and 1 of 2.
type Launcher = (&'static str, [[(&'static str, &'static str); 2]; 2]);

const LAUNCHERS: [Launcher; 3] = [
    (
        "mpirun",
        [
            [("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "2")],
            [("OMPI_COMM_WORLD_RANK", "1"), ("OMPI_COMM_WORLD_SIZE", "2")],
        ],
    ),
    (
        "mpiexec",
        [
            [("PMI_RANK", "0"), ("PMI_SIZE", "2")],
            [("PMI_RANK", "1"), ("PMI_SIZE", "2")],
        ],
    ),
    (
        "srun",
        [
            [("SLURM_PROCID", "0"), ("SLURM_STEP_NUM_TASKS", "2")],
            [("SLURM_PROCID", "1"), ("SLURM_STEP_NUM_TASKS", "2")],
        ],
    ),
];

/// With MPI, the ranks would wait for each other here.
#[cfg(not(feature = "mpi"))]
#[test]
fn a_training_is_not_begun_several_times() {
    let folder = scratch();
    for (launcher, [first, second]) in LAUNCHERS {
        let line = "train --data glyphs --limit 32 --epochs 1 --out run";
        let ended = as_rank(folder.path(), line, &first);
        assert_eq!(ended.code, 2, "{ended:#?}");
        let expected = format!(
            "error: ae train: {launcher} started 2 processes, and this build of ae has no MPI to train one model in them"
        );
        assert_eq!(ended.lines("error:"), [expected.as_str()]);
        assert!(
            ended.lines("hint:")[0].contains("--features mpi"),
            "{ended:#?}"
        );
        // One of them tells.
        let ended = as_rank(folder.path(), line, &second);
        assert_eq!((ended.code, ended.stderr.as_str()), (2, ""));
        assert!(!folder.path().join("run").exists());
    }
}

#[test]
fn a_command_for_one_process_is_refused_to_several() {
    let folder = scratch();
    for (launcher, [first, _]) in LAUNCHERS {
        for (name, line) in [
            ("eval", FIXTURE.fill("eval {plain}")),
            ("encode", FIXTURE.fill("encode {plain} -o codes.npy")),
            (
                "train --model pixel",
                "train --model pixel --out run".to_owned(),
            ),
            ("info", "data info glyphs".to_owned()),
        ] {
            let ended = as_rank(folder.path(), &line, &first);
            assert_eq!(ended.code, 2, "{ended:#?}");
            let expected = format!(
                "error: ae {name}: {launcher} started 2 processes of a command that takes one"
            );
            assert_eq!(ended.lines("error:"), [expected.as_str()]);
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// What a launcher adds to one process: parts of a batch, which anybody may ask for.
#[test]
fn one_rank_trains_as_without_a_launcher_in_as_many_parts() {
    let folder = scratch();
    let line = |out: &str| {
        format!(
            "train --data glyphs --limit 24 --epochs 1 --batch-size 10 --widths 4,8 --backend flex --quiet --out {out}"
        )
    };
    let alone = [("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "1")];
    let model =
        |out: &str| std::fs::read(folder.path().join(out).join("model.safetensors")).unwrap();
    for (out, more, variables) in [
        ("launched", "", &alone[..]),
        ("eight", " --batch-parts 8", &[][..]),
        ("whole", "", &[][..]),
    ] {
        let ended = as_rank(folder.path(), &(line(out) + more), variables);
        assert_eq!(ended.code, 0, "{ended:#?}");
    }
    assert_eq!(model("launched"), model("eight"));
    let config =
        |out: &str| std::fs::read_to_string(folder.path().join(out).join("config.toml")).unwrap();
    assert!(config("launched").contains("batch_parts = 8"));
    assert!(!config("whole").contains("batch_parts"));
}

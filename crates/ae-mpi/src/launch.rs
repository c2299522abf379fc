//! What launchers tell the processes that they start.

/// A launcher, and the variables that have a process's number and how many there are.
const LAUNCHERS: [(&str, &str, &str); 4] = [
    // Open MPI.
    ("mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("mpirun", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),
    // MPICH's Hydra and Intel's, and a scheduler with PMI.
    ("mpiexec", "PMI_RANK", "PMI_SIZE"),
    // Of a job's step. SLURM_NTASKS is that of the job: its batch script has it, too, which runs once.
    ("srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
];

/// Which of how many processes this one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launch {
    /// This process's number, from 0.
    pub rank: usize,
    /// How many processes there are.
    pub size: usize,
    /// What started them: `mpirun`, `mpiexec` or `srun`.
    pub launcher: &'static str,
}

impl Launch {
    /// How this process was launched; `None` where no launcher says so.
    #[must_use]
    pub fn of_process() -> Option<Self> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// How a process was launched whose environment is `variables`.
    #[must_use]
    pub fn from_variables(variables: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let number = |name: &str| variables(name)?.parse::<usize>().ok();
        LAUNCHERS.iter().find_map(|&(launcher, rank, size)| {
            let (rank, size) = (number(rank)?, number(size)?);
            (rank < size).then_some(Self {
                rank,
                size,
                launcher,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Option<(usize, usize, &'static str)> {
        let launch = Launch::from_variables(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })?;
        Some((launch.rank, launch.size, launch.launcher))
    }

    #[test]
    fn every_launcher_is_known_by_its_variables() {
        let open_mpi = [("OMPI_COMM_WORLD_RANK", "3"), ("OMPI_COMM_WORLD_SIZE", "4")];
        assert_eq!(of(&open_mpi), Some((3, 4, "mpirun")));
        let hydra = [("PMI_RANK", "0"), ("PMI_SIZE", "2")];
        assert_eq!(of(&hydra), Some((0, 2, "mpiexec")));
        let step = [("SLURM_PROCID", "1"), ("SLURM_STEP_NUM_TASKS", "8")];
        assert_eq!(of(&step), Some((1, 8, "srun")));
        // mpirun inside a job of SLURM's.
        assert_eq!(
            of(&[&step[..], &open_mpi[..]].concat()),
            Some((3, 4, "mpirun"))
        );
    }

    #[test]
    fn a_batch_script_and_an_ordinary_shell_launch_nothing() {
        let batch = [("SLURM_PROCID", "0"), ("SLURM_NTASKS", "8")];
        assert_eq!(of(&batch), None);
        assert_eq!(of(&[]), None);
        let broken = [("PMI_RANK", "2"), ("PMI_SIZE", "2")];
        assert_eq!(of(&broken), None);
        let no_number = [("PMI_RANK", "one"), ("PMI_SIZE", "2")];
        assert_eq!(of(&no_number), None);
    }
}

//! The numbers, for a spreadsheet and for people.

use std::fmt::Write as _;

use super::cases::Task;
use super::machine::Machine;
use super::sample::Sample;

/// `case,task,contender,round,value,unit`.
pub(crate) fn csv(samples: &[Sample]) -> String {
    let mut text = "case,task,contender,round,value,unit\n".to_owned();
    for sample in samples {
        text.push_str(&format!(
            "\"{}\",{},\"{}\",{},{:.3},{}\n",
            sample.case,
            sample.task.name(),
            sample.contender,
            sample.round,
            sample.value,
            sample.task.unit()
        ));
    }
    text
}

/// A table a task: a row a case, a column a contender, and how far `ae` is ahead of the better PyTorch.
pub(crate) fn markdown(
    machine: &Machine,
    samples: &[Sample],
    versions: &[String],
    rounds: usize,
) -> String {
    let command: Vec<_> = std::env::args().skip(1).collect();
    let mut text = format!(
        "# Benchmark of {}\n\n`cargo xtask {}`, commit {}, {}, {} cores. The median of {rounds} interleaved rounds, \
         below it the range.\n",
        machine.date,
        command.join(" "),
        machine.commit,
        machine.processor,
        machine.cores
    );
    if !versions.is_empty() {
        let _ = writeln!(text, "\nBeside {}.", versions.join(", "));
    }
    for task in Task::ALL {
        let of_task: Vec<_> = samples
            .iter()
            .filter(|sample| sample.task == task)
            .collect();
        if of_task.is_empty() {
            continue;
        }
        let contenders = in_order(of_task.iter().map(|sample| &sample.contender));
        let cases = in_order(of_task.iter().map(|sample| &sample.case));
        let has_ratio = matches!(task, Task::Train | Task::Infer);
        let _ = write!(
            text,
            "\n## {}\n\n| case | {} |{}\n|---|{}\n",
            heading(task),
            contenders.join(" | "),
            if has_ratio {
                " ae flex : PyTorch |"
            } else {
                ""
            },
            "---:|".repeat(contenders.len() + usize::from(has_ratio))
        );
        for case in cases {
            let values = |contender: &str| -> Vec<f64> {
                let mut values: Vec<f64> = of_task
                    .iter()
                    .filter(|sample| sample.case == *case && sample.contender == contender)
                    .map(|sample| sample.value)
                    .collect();
                values.sort_by(f64::total_cmp);
                values
            };
            let cells: Vec<_> = contenders.iter().map(|name| cell(&values(name))).collect();
            let ratio = match (median(&values("ae flex")), better_pytorch(&values)) {
                (Some(own), Some(peer)) => format!(" {:.2} |", own / peer),
                _ if has_ratio => " |".to_owned(),
                _ => String::new(),
            };
            let _ = writeln!(text, "| {case} | {} |{ratio}", cells.join(" | "));
        }
    }
    text
}

fn heading(task: Task) -> &'static str {
    match task {
        Task::Train => "Training, images a second",
        Task::Infer => "Inference, images a second",
        Task::Reach => "Whole trainings, seconds",
        Task::Picture => "Large pictures, megapixels a second from exec to exit",
        Task::Start => "Start-up, milliseconds from exec to exit",
        Task::Memory => "Peak memory, MiB",
    }
}

fn better_pytorch(speeds: &dyn Fn(&str) -> Vec<f64>) -> Option<f64> {
    ["PyTorch eager", "PyTorch channels_last", "PyTorch compiled"]
        .iter()
        .filter_map(|name| median(&speeds(name)))
        .reduce(f64::max)
}

fn in_order<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let mut unique: Vec<&str> = Vec::new();
    for name in names {
        if !unique.contains(&name.as_str()) {
            unique.push(name);
        }
    }
    unique
}

fn median(sorted: &[f64]) -> Option<f64> {
    sorted.get(sorted.len() / 2).copied()
}

fn cell(sorted: &[f64]) -> String {
    match (sorted.first(), median(sorted), sorted.last()) {
        (Some(least), Some(median), Some(most)) if sorted.len() > 1 => {
            let [median, least, most] = [median, *least, *most].map(number);
            format!("{median}<br>{least} to {most}")
        }
        (_, Some(median), _) => number(median),
        _ => String::new(),
    }
}

/// Three digits or so.
fn number(value: f64) -> String {
    match value {
        10.0.. => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_that_of_medians_to_the_better_pytorch() {
        let of = |task, contender: &str, round, value| Sample {
            case: "conv".to_owned(),
            task,
            contender: contender.to_owned(),
            round,
            value,
        };
        let sample = |contender: &str, round, value| of(Task::Train, contender, round, value);
        let samples = [
            sample("ae flex", 0, 100.0),
            sample("PyTorch eager", 0, 10.0),
            sample("PyTorch compiled", 0, 40.0),
            sample("ae flex", 1, 90.0),
            sample("PyTorch eager", 1, 30.0),
            sample("PyTorch compiled", 1, 41.0),
            sample("ae flex", 2, 120.0),
            sample("PyTorch eager", 2, 20.0),
            sample("PyTorch compiled", 2, 20.0),
            of(Task::Reach, "ae by its defaults", 0, 12.5),
            of(Task::Reach, "PyTorch", 0, 9.254),
        ];
        let machine = Machine {
            processor: "a processor".to_owned(),
            cores: 2,
            commit: "abc".to_owned(),
            date: "2026-11-23".to_owned(),
        };
        let text = markdown(&machine, &samples, &["PyTorch 2".to_owned()], 3);
        let row = "| conv | 100<br>90 to 120 | 20<br>10 to 30 | 40<br>20 to 41 | 2.50 |";
        assert!(text.contains(row), "{text}");
        // Seconds are the better the fewer, so there is no such ratio of them.
        let reach =
            "| case | ae by its defaults | PyTorch |\n|---|---:|---:|\n| conv | 12 | 9.25 |\n";
        assert!(text.contains(reach), "{text}");
        assert!(text.contains("Beside PyTorch 2."), "{text}");
        assert!(!text.contains("Inference"), "{text}");
        let csv = csv(&samples);
        assert_eq!(csv.lines().count(), 12);
        let last = csv.lines().next_back();
        assert_eq!(last, Some("\"conv\",reach,\"PyTorch\",0,9.254,s"));
    }
}

//! The numbers, for a spreadsheet and for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Sample;
use super::cases::Task;
use super::machine::Machine;

/// `case,task,contender,round,images_per_second`.
pub(crate) fn csv(samples: &[Sample]) -> String {
    let mut text = "case,task,contender,round,images_per_second\n".to_owned();
    for sample in samples {
        text.push_str(&format!(
            "\"{}\",{},\"{}\",{},{:.2}\n",
            sample.case,
            sample.task.name(),
            sample.contender,
            sample.round,
            sample.images_per_second
        ));
    }
    text
}

/// A table a task: a row a case, a column a contender, and how far `ae` is ahead of the better PyTorch.
pub(crate) fn markdown(
    machine: &Machine,
    samples: &[Sample],
    others: &BTreeMap<String, String>,
    rounds: usize,
) -> String {
    let command: Vec<_> = std::env::args().skip(1).collect();
    let mut text = format!(
        "# Benchmark of {}\n\n`cargo xtask {}`, commit {}, {}, {} cores. Images a second: the median of {rounds} \
         interleaved rounds, below it the range.\n",
        machine.date,
        command.join(" "),
        machine.commit,
        machine.processor,
        machine.cores
    );
    for task in [Task::Train, Task::Infer] {
        let of_task: Vec<_> = samples
            .iter()
            .filter(|sample| sample.task == task)
            .collect();
        let contenders = in_order(of_task.iter().map(|sample| &sample.contender));
        let cases = in_order(of_task.iter().map(|sample| &sample.case));
        let _ = write!(
            text,
            "\n## {}\n\n| case | {} | ae flex : PyTorch |\n|---|{}\n",
            match task {
                Task::Train => "Training",
                Task::Infer => "Inference",
            },
            contenders.join(" | "),
            "---:|".repeat(contenders.len() + 1)
        );
        for case in cases {
            let speeds = |contender: &str| -> Vec<f64> {
                let mut speeds: Vec<f64> = of_task
                    .iter()
                    .filter(|sample| sample.case == *case && sample.contender == contender)
                    .map(|sample| sample.images_per_second)
                    .collect();
                speeds.sort_by(f64::total_cmp);
                speeds
            };
            let cells: Vec<_> = contenders.iter().map(|name| cell(&speeds(name))).collect();
            let ratio = match (median(&speeds("ae flex")), better_pytorch(&speeds)) {
                (Some(own), Some(peer)) => format!("{:.2}", own / peer),
                _ => String::new(),
            };
            let _ = writeln!(text, "| {case} | {} | {ratio} |", cells.join(" | "));
        }
    }
    if !others.is_empty() {
        text.push_str("\n## Start-up and memory\n\n| what | |\n|---|---|\n");
        for (what, value) in others {
            let _ = writeln!(text, "| {what} | {value} |");
        }
    }
    text
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
            format!("{median:.0}<br>{least:.0} to {most:.0}")
        }
        (_, Some(median), _) => format!("{median:.0}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_that_of_medians_to_the_better_pytorch() {
        let sample = |contender: &str, round, images_per_second| Sample {
            case: "conv".to_owned(),
            task: Task::Train,
            contender: contender.to_owned(),
            round,
            images_per_second,
        };
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
        ];
        let machine = Machine {
            processor: "a processor".to_owned(),
            cores: 2,
            commit: "abc".to_owned(),
            date: "2026-11-23".to_owned(),
        };
        let text = markdown(&machine, &samples, &BTreeMap::new(), 3);
        let row = "| conv | 100<br>90 to 120 | 20<br>10 to 30 | 40<br>20 to 41 | 2.50 |";
        assert!(text.contains(row), "{text}");
        assert_eq!(csv(&samples).lines().count(), 10);
    }
}

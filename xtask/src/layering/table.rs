//! The table of allowed edges, read from the architecture page.

use std::collections::BTreeSet;

/// A row of the table of allowed edges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) may_use: BTreeSet<String>,
    pub(super) may_use_burn: bool,
}

/// Reads the table under the heading "Allowed edges".
pub(super) fn parse(page: &str) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    let section = page
        .lines()
        .skip_while(|line| line.trim_start_matches('#').trim() != "Allowed edges")
        .skip(1)
        .take_while(|line| !line.starts_with('#'));
    for line in section.filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line
            .trim()
            .trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        let [name, may_use, burn] = cells[..] else {
            return Err(format!(
                "the row {line:?} has {} cells instead of three",
                cells.len()
            ));
        };
        if name == "crate" || name.starts_with("---") {
            continue;
        }
        let may_use_burn = match burn {
            "yes" => true,
            "no" => false,
            _ => {
                return Err(format!(
                    "the row of {name} says {burn:?} instead of yes or no"
                ));
            }
        };
        rows.push(Row {
            name: crate_name(name)?,
            may_use: crate_names(may_use)?,
            may_use_burn,
        });
    }
    if rows.is_empty() {
        return Err("there is no table under a heading \"Allowed edges\"".to_owned());
    }
    Ok(rows)
}

fn crate_names(cell: &str) -> Result<BTreeSet<String>, String> {
    if cell == "nothing" {
        return Ok(BTreeSet::new());
    }
    cell.split(',')
        .map(|name| crate_name(name.trim()))
        .collect()
}

fn crate_name(cell: &str) -> Result<String, String> {
    let name = cell
        .strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'));
    name.map(str::to_owned)
        .ok_or_else(|| format!("{cell:?} is not a crate's name in backticks"))
}

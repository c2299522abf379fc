//! Tables for a terminal and for Markdown.

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What stands above it.
    pub heading: String,
    /// How its cells are lined up.
    pub align: Align,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn left(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            align: Align::Left,
        }
    }

    /// A column of whole numbers or words at the right edge.
    #[must_use]
    pub fn right(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            align: Align::Right,
        }
    }

    /// A column of numbers.
    #[must_use]
    pub fn decimal(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            align: Align::Decimal,
        }
    }
}

/// How the cells of a column are lined up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// At the left edge.
    #[default]
    Left,
    /// At the right edge.
    Right,
    /// On the decimal point; what has none ends where the point would be.
    Decimal,
}

/// Lays out rows of cells as plain text: a line of headings, a rule, a line for each row, each ended by a newline.
///
/// A row that is too short ends with empty cells, one that is too long goes on in columns without a heading. Letters
/// are counted as one place each.
#[must_use]
pub fn table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let grid = Grid::new(columns, rows);
    let mut text = String::new();
    let mut push = |cells: Vec<String>| {
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    };
    push(grid.headings());
    push(grid.widths.iter().map(|width| "─".repeat(*width)).collect());
    for row in 0..rows.len() {
        push(grid.row(row));
    }
    text
}

/// Lays out rows of cells as a Markdown table that is also lined up as text.
///
/// Vertical bars and newlines inside of cells are kept from ending the cell. Rows that are too short or too long are
/// treated as in [`table`].
#[must_use]
pub fn markdown_table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let escape = |cell: &String| cell.replace('|', "\\|").replace(['\n', '\r'], " ");
    let columns: Vec<Column> = columns
        .iter()
        .map(|column| Column {
            heading: escape(&column.heading),
            align: column.align,
        })
        .collect();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(escape).collect())
        .collect();
    let mut grid = Grid::new(&columns, &rows);
    // A Markdown rule takes three dashes, one of them a colon at the right.
    for width in &mut grid.widths {
        *width = (*width).max(3);
    }
    let mut text = String::new();
    let mut push = |cells: Vec<String>| {
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    };
    push(grid.headings());
    let rule = |(width, align): (&usize, &Align)| match align {
        Align::Left => "-".repeat(*width),
        Align::Right | Align::Decimal => format!("{}:", "-".repeat(width - 1)),
    };
    push(grid.widths.iter().zip(&grid.aligns).map(rule).collect());
    for row in 0..rows.len() {
        push(grid.row(row));
    }
    text
}

/// Cells brought to their columns' widths.
struct Grid {
    headings: Vec<String>,
    aligns: Vec<Align>,
    widths: Vec<usize>,
    /// Decimal columns already lined up on the point.
    cells: Vec<Vec<String>>,
}

impl Grid {
    fn new(columns: &[Column], rows: &[Vec<String>]) -> Self {
        let count = rows
            .iter()
            .map(Vec::len)
            .chain([columns.len()])
            .max()
            .unwrap_or(0);
        let column = |index: usize| columns.get(index);
        let heading = |index| column(index).map_or(String::new(), |column| column.heading.clone());
        let headings: Vec<String> = (0..count).map(heading).collect();
        let aligns: Vec<Align> = (0..count)
            .map(|index| column(index).map_or(Align::Left, |column| column.align))
            .collect();
        let mut cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                let cell = |index| row.get(index).cloned().unwrap_or_default();
                (0..count).map(cell).collect()
            })
            .collect();
        for (index, align) in aligns.iter().enumerate() {
            if *align == Align::Decimal {
                line_up_points(&mut cells, index);
            }
        }
        let widths = (0..count).map(|index| {
            let cells = cells.iter().map(|row| letters(&row[index]));
            cells.chain([letters(&headings[index])]).max().unwrap_or(0)
        });
        Self {
            widths: widths.collect(),
            headings,
            aligns,
            cells,
        }
    }

    fn headings(&self) -> Vec<String> {
        self.pad(&self.headings)
    }

    fn row(&self, row: usize) -> Vec<String> {
        self.pad(&self.cells[row])
    }

    fn pad(&self, cells: &[String]) -> Vec<String> {
        let columns = cells.iter().zip(&self.aligns).zip(&self.widths);
        let padded = columns.map(|((cell, align), width)| {
            let space = " ".repeat(width.saturating_sub(letters(cell)));
            match align {
                Align::Left => format!("{cell}{space}"),
                Align::Right | Align::Decimal => format!("{space}{cell}"),
            }
        });
        padded.collect()
    }
}

fn letters(text: &str) -> usize {
    text.chars().count()
}

/// Fills cells up at the right, so that right-aligned they have their points below each other.
fn line_up_points(cells: &mut [Vec<String>], column: usize) {
    let is_number = |cell: &str| cell.chars().any(|letter| letter.is_ascii_digit());
    let after = |cell: &str| {
        // From the point on, or from the first letter that no whole number has: `12 %` and `12.5 %` line up as well.
        let number =
            |letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '−' | '+' | ',');
        let whole: usize = cell.chars().take_while(|letter| number(*letter)).count();
        letters(cell) - whole
    };
    let numbers = cells.iter().map(|row| row[column].as_str());
    let longest = numbers
        .filter(|cell| is_number(cell))
        .map(after)
        .max()
        .unwrap_or(0);
    for row in cells {
        let cell = &mut row[column];
        if is_number(cell) {
            let missing = longest - after(cell);
            cell.push_str(&" ".repeat(missing));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[&[&str]]) -> Vec<Vec<String>> {
        cells
            .iter()
            .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect())
            .collect()
    }

    fn columns() -> [Column; 3] {
        [
            Column::left("method"),
            Column::decimal("MSE"),
            Column::right("bytes"),
        ]
    }

    fn quality() -> Vec<Vec<String>> {
        rows(&[
            &["this model", "0.00531", "25,088"],
            &["mean image", "0.2", "0"],
            &["JPEG", "12", "401"],
            &["identity", "−1.5", "784"],
            &["broken", "–", ""],
        ])
    }

    #[test]
    fn numbers_line_up_on_the_decimal_point() {
        let expected = "\
method           MSE   bytes
──────────  ────────  ──────
this model   0.00531  25,088
mean image   0.2           0
JPEG        12           401
identity    −1.5         784
broken             –
";
        assert_eq!(table(&columns(), &quality()), expected);
    }

    #[test]
    fn markdown_is_lined_up_and_escaped() {
        let expected = "\
| a\\|b |  n |
| ---- | --: |
| x    |  1 |
";
        let columns = [Column::left("a|b"), Column::right("n")];
        let found = markdown_table(&columns, &rows(&[&["x", "1"], &["two\nlines", "22"]]));
        let expected = expected
            .replace("| a\\|b |  n |", "| a\\|b      |   n |")
            .replace("| ---- | --: |", "| --------- | --: |")
            .replace(
                "| x    |  1 |\n",
                "| x         |   1 |\n| two lines |  22 |\n",
            );
        assert_eq!(found, expected);
    }

    #[test]
    fn ragged_and_empty_tables_lose_nothing() {
        assert_eq!(table(&[], &[]), "\n\n");
        assert_eq!(table(&[Column::left("a")], &[]), "a\n─\n");
        let text = table(&[Column::left("a")], &rows(&[&[], &["1", "extra"]]));
        assert_eq!(text, "a\n─  ─────\n\n1  extra\n");
    }

    #[test]
    fn units_and_signs_do_not_disturb_the_point() {
        let text = table(
            &[Column::decimal("x")],
            &rows(&[&["1.25 dB"], &["−10.5 dB"], &["+3"], &["1,024.0"]]),
        );
        let points: Vec<Option<usize>> = text
            .lines()
            .skip(2)
            .map(|line| line.chars().position(|letter| letter == '.'))
            .collect();
        assert_eq!(points, [Some(5), Some(5), None, Some(5)], "{text}");
        assert_eq!(text.lines().nth(4).map(str::len), Some(5), "{text}");
    }
}

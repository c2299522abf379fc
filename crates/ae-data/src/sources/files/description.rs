//! What a set's files were recognized as, in a line.

use std::collections::BTreeMap;

use crate::set::{LeftAside, Part};
use crate::sources::files::arrangement::{Arrangement, Role};

/// Class names in the line, at most.
const MOST_CLASSES: usize = 12;

/// What files were recognized as, whose classes have these names.
pub(crate) fn recognized(arrangement: &Arrangement<'_>, classes: Option<&[String]>) -> String {
    let mut counts = [0; 3];
    let mut has_folders = false;
    for role in &arrangement.roles {
        let Role::Image { part, folders } = role else {
            continue;
        };
        has_folders |= !folders.is_empty();
        match part {
            Part::Train | Part::All => counts[0] += 1,
            Part::Validation => counts[1] += 1,
            Part::Test => counts[2] += 1,
        }
    }
    let classes = match classes {
        Some(classes) if has_folders => named(classes),
        _ if has_folders => "no classes: pictures lie in folders and beside them".to_owned(),
        _ => "no classes".to_owned(),
    };
    if arrangement.has_parts {
        let names = ["train", "validation", "test"].into_iter().zip(counts);
        let parts: Vec<String> = names
            .filter(|&(_, count)| count > 0)
            .map(|(name, count)| format!("{name} ({count})"))
            .collect();
        let kind = match arrangement.is_mvtec {
            true => "MVTec AD, ",
            false => "",
        };
        format!("{kind}folders {}; {classes}", parts.join(", "))
    } else if has_folders {
        format!("folders of pictures; {classes}")
    } else {
        format!("one folder of pictures; {classes}")
    }
}

/// What of the files is no image of the set, counted by the reason.
pub(crate) fn left_aside(arrangement: &Arrangement<'_>) -> Vec<LeftAside> {
    let mut masks = 0;
    let mut pictures: BTreeMap<&str, usize> = BTreeMap::new();
    for role in &arrangement.roles {
        match role {
            Role::Image { .. } => {}
            Role::Mask { .. } => masks += 1,
            Role::Aside(reason) => *pictures.entry(reason).or_default() += 1,
        }
    }
    let mut left_aside: Vec<LeftAside> = pictures
        .into_iter()
        .map(|(reason, count)| LeftAside {
            what: format!("{} {reason}", plural(count, "picture")),
            count,
        })
        .collect();
    if masks > 0 {
        left_aside.push(LeftAside {
            what: plural(masks, "mask"),
            count: masks,
        });
    }
    left_aside
}

fn named(classes: &[String]) -> String {
    let mut names = classes
        .iter()
        .take(MOST_CLASSES)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if classes.len() > MOST_CLASSES {
        names.push_str(&format!(" and {} more", classes.len() - MOST_CLASSES));
    }
    let what = if classes.len() == 1 {
        "class"
    } else {
        "classes"
    };
    format!("{} {what}: {names}", classes.len())
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 {
        what.to_owned()
    } else {
        format!("{what}s")
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::set::Layout;

    #[track_caller]
    fn check(files: &[&str], expected: &str) {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        let arrangement = Arrangement::of(Path::new(""), &files).unwrap();
        let labels = arrangement.labels();
        let classes = labels.as_ref().map(|(_, classes)| classes.as_slice());
        let mut layout = Layout {
            recognized: recognized(&arrangement, classes),
            left_aside: left_aside(&arrangement),
            values: Vec::new(),
        };
        layout.left_aside.push(LeftAside {
            what: ".txt".to_owned(),
            count: 3,
        });
        assert_eq!(layout.to_string(), format!("{expected}3 .txt"));
    }

    #[test]
    fn a_line_says_what_was_recognized_and_what_was_left_aside() {
        check(
            &["1.png"],
            "one folder of pictures; no classes; left aside: ",
        );
        check(
            &["a/1.png", "b/1.png"],
            "folders of pictures; 2 classes: a, b; left aside: ",
        );
        check(
            &["a/1.png", "1.png"],
            "folders of pictures; no classes: pictures lie in folders and beside them; left aside: ",
        );
        check(
            &[
                "train/1.png",
                "train/2.png",
                "val/1.png",
                "test/1.png",
                "p.png",
            ],
            "folders train (2), validation (1), test (1); no classes; left aside: 1 picture beside the train and test \
             folders, ",
        );
        check(
            &[
                "train/good/1.png",
                "test/cut/1.png",
                "ground_truth/cut/1.png",
                "ground_truth/cut/2.png",
            ],
            "MVTec AD, folders train (1), test (1); 2 classes: cut, good; left aside: 2 masks, ",
        );
        let many: Vec<String> = (0..14).map(|class| format!("c{class:02}/1.png")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        check(
            &many,
            "folders of pictures; 14 classes: c00, c01, c02, c03, c04, c05, c06, c07, c08, c09, c10, c11 and 2 more; \
             left aside: ",
        );
    }
}

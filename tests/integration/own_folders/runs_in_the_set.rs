//! `train --data .` puts its run inside its own set: its pictures are no images of it.

use super::inputs::write_discs;
use crate::command::done;
use crate::fixture::scratch;

#[test]
fn a_run_in_its_own_sets_folder_is_left_out() {
    let folder = scratch();
    write_discs(folder.path(), ".", 0..30);
    let line = "train --data . --model dense --widths 16,4 --epochs 1 --threads 1";
    let first = done(folder.path(), line);
    assert_eq!(
        first.lines("layout: "),
        ["layout: one folder of pictures; no classes"]
    );
    let again = done(folder.path(), line);
    assert_eq!(
        again.lines("layout: "),
        ["layout: one folder of pictures; no classes; left aside: 1 run of ae"]
    );
    let found = done(folder.path(), "data info . --json").json();
    assert_eq!(found["files"], 30);
    assert_eq!(
        found["layout"]["left_aside"],
        serde_json::json!([{"what": "runs of ae", "count": 2}])
    );
    // A folder that only has a file of that name is none.
    std::fs::create_dir(folder.path().join("more")).expect("a folder");
    std::fs::write(folder.path().join("more/config.toml"), "x = 1").expect("written");
    write_discs(folder.path(), "more", 30..33);
    let found = done(folder.path(), "data info . --json").json();
    assert_eq!(found["files"], 33);
}

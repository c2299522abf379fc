//! Every file of the fuzz targets' corpora, so that what was found once stays found.

#[path = "../../../fuzz/bodies/data.rs"]
mod data;
#[path = "../../../fuzz/bodies/replay.rs"]
mod replay;

#[test]
fn the_corpora_are_no_danger() {
    replay::replay(&[
        ("idx", data::idx),
        ("archive", data::archive),
        ("image", data::image),
        ("folder", data::folder),
        ("languages", data::languages),
    ]);
}

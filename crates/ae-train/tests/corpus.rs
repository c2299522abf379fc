//! Every file of the corpora of the fuzz targets that read models and configurations.

#[path = "../../../fuzz/bodies/models.rs"]
mod models;
#[path = "../../../fuzz/bodies/replay.rs"]
mod replay;

#[test]
fn the_corpora_are_no_danger() {
    replay::replay(&[
        ("model_file", models::model_file),
        ("configuration", models::configuration),
    ]);
}

//! What fuzzing has found stays found: every file of the targets' corpora.

#[path = "../../../fuzz/bodies/codec.rs"]
mod codec;
#[path = "../../../fuzz/bodies/replay.rs"]
mod replay;

#[test]
fn the_corpora_of_fuzzing_are_survived() {
    replay::replay(&[
        ("container", codec::container),
        ("codec_model", codec::codec_model),
        ("picture_transform", codec::picture_transform),
    ]);
}

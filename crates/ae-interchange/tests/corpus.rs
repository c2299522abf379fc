//! The fuzz target's corpus, as an ordinary test.

#[path = "../../../fuzz/bodies/interchange.rs"]
mod interchange;
#[path = "../../../fuzz/bodies/replay.rs"]
mod replay;

#[test]
fn no_input_of_the_corpus_does_harm() {
    replay::replay(&[("weights", interchange::weights)]);
}

use super::*;
use crate::image::{Channels, Fit, Fitted, ImageOptions};

fn numbers() -> ImageSet {
    let labels = Some(vec![0, 2, 1]);
    ImageSet::from_images(
        "numbers",
        ImageShape::new(1, 1, 2),
        vec![0, 51, 102, 153, 204, 255],
        labels,
        vec![],
    )
    .unwrap()
}

#[test]
fn a_set_gives_its_images_as_bytes_and_as_unit_values() {
    let set = numbers();
    assert_eq!(
        (set.len(), set.is_empty(), set.name()),
        (3, false, "numbers")
    );
    assert_eq!(set.classes(), ["0", "1", "2"]);
    assert_eq!((set.label(1), set.file(1)), (Some(2), None));
    let mut bytes = [0; 2];
    set.read_into(2, &mut bytes).unwrap();
    assert_eq!(bytes, [204, 255]);
    let mut values = [0.0; 2];
    set.read_unit_into(1, &mut values).unwrap();
    assert_eq!(values, [0.4, 0.6]);
    assert_eq!(set.image(0).unwrap().pixels(), [0, 51]);
    assert!(format!("{set:?}").contains("memory"));
}

#[test]
fn views_of_views_lead_to_the_right_images() {
    let view = numbers().subset(vec![2, 0, 2]).subset(vec![1, 2]);
    assert_eq!(
        (view.len(), view.label(0), view.label(1)),
        (2, Some(0), Some(1))
    );
    assert_eq!(view.image(1).unwrap().pixels(), [204, 255]);
    assert_eq!(view.take(1).image(0).unwrap().pixels(), [0, 51]);
    assert_eq!(view.take(9).len(), 2);
    assert!(view.take(0).is_empty());
}

#[test]
#[should_panic(expected = "image 3 of 3")]
fn an_index_beyond_the_end_is_a_programmers_error() {
    let _ = numbers().subset(vec![0, 3]);
}

#[test]
#[should_panic(expected = "buffer for a 2x1x1 image")]
fn so_is_a_buffer_of_another_length() {
    let _ = numbers().read_into(0, &mut [0; 3]);
}

#[test]
fn what_does_not_agree_is_refused_with_the_numbers() {
    let shape = ImageShape::new(1, 2, 2);
    let build = |shape, values, labels: Option<Vec<u32>>, classes: &[&str]| {
        let classes = classes.iter().map(|&class| class.to_owned()).collect();
        ImageSet::from_images("s", shape, vec![0; values], labels, classes)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        build(shape, 7, None, &[]),
        "pixel values of 2 images of 2x2x1 in s: expected 8, found 7"
    );
    assert_eq!(
        build(shape, 8, Some(vec![0]), &[]),
        "labels of s: expected 2, found 1"
    );
    assert_eq!(
        build(shape, 8, Some(vec![0, 2]), &["a", "b"]),
        "classes of s, whose labels go up to 2: expected 3, found 2"
    );
    assert!(build(ImageShape::new(1, 0, 2), 0, None, &[]).contains("2x0x1"));
    let empty = ImageSet::from_images("none", shape, vec![], None, vec![]).unwrap();
    assert!(empty.is_empty());
}

#[test]
fn conversion_keeps_order_labels_and_the_memory_limit() {
    let set = numbers().subset(vec![1, 0]);
    let options = ImageOptions {
        size: Some("4x2".parse().unwrap()),
        fit: Fit::Stretch,
        channels: Some(Channels::Rgb),
        ..ImageOptions::default()
    };
    let (converted, fitted) = set.converted(&options, 1_000).unwrap();
    assert_eq!(fitted, Fitted::default());
    assert_eq!(converted.shape(), ImageShape::new(3, 2, 4));
    assert_eq!(
        (converted.len(), converted.label(0), converted.classes()),
        (2, Some(2), set.classes())
    );
    let image = converted.image(1).unwrap();
    assert_eq!((image.pixels()[0], image.pixels()[3]), (0, 51));
    let cropping = ImageOptions {
        size: Some("4x4".parse().unwrap()),
        fit: Fit::Crop,
        ..options
    };
    assert!(set.converted(&cropping, 1_000).unwrap().1.crops);
    let error = set.converted(&options, 47).unwrap_err().to_string();
    assert_eq!(
        error,
        "numbers is too large: 2 images of 4x2x3 are 48 bytes, the limit is 47 bytes"
    );
    assert!(Arc::ptr_eq(
        &set.converted(&ImageOptions::default(), 0).unwrap().0.store,
        &set.store
    ));
}

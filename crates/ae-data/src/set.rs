//! Sets of images: how they are kept, divided, described and told apart.

mod binarization;
mod binary_draws;
mod concatenated;
mod converted;
mod dataset;
mod dataset_info;
mod digest;
mod division;
mod fingerprint;
mod image_set;
mod images;
mod info;
mod layout;
mod mapped;
mod mask_files;
mod part;
mod skipped;
mod split;
mod spread;
mod store;

pub use binary_draws::Binarization;
pub use dataset::Dataset;
pub use dataset_info::DatasetInfo;
pub use division::Division;
pub use fingerprint::SetFingerprint;
pub use image_set::ImageSet;
pub use images::{Images, SetImage};
pub use info::{ClassCount, SetInfo};
pub use layout::{Layout, LeftAside};
pub(crate) use mapped::MappedFile;
pub use mask_files::MaskFiles;
pub use part::Part;
pub use skipped::Skipped;
pub use split::{Split, SplitOptions};
pub(crate) use store::{Pixels, Store, named_classes};

//! What lies beside a set's images.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::set::{LeftAside, MaskFiles};
use crate::sources::files::arrangement::{Arrangement, Role};
use crate::sources::files::description::left_aside;
use crate::sources::files::masks::masks_of;

/// What lies beside a set's images and is not decoded with them.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Files and folders that are no part of the set.
    pub(crate) left_aside: Vec<LeftAside>,
    /// The images' masks.
    pub(crate) masks: MaskFiles,
}

impl Beside {
    /// Parts the image files in a folder into the images of the set and what lies beside them.
    ///
    /// # Errors
    /// [`DataError::SeveralSets`] where several folders have parts of their own.
    pub(crate) fn of(folder: &Path, files: &[PathBuf]) -> Result<(Vec<PathBuf>, Self), DataError> {
        let arrangement = Arrangement::of(folder, files)?;
        let images = files.iter().zip(&arrangement.roles);
        let images = images
            .filter(|(_, role)| matches!(role, Role::Image { .. }))
            .map(|(file, _)| file.clone())
            .collect();
        let beside = Self {
            left_aside: left_aside(&arrangement),
            masks: masks_of(folder, files, &arrangement),
        };
        Ok((images, beside))
    }
}

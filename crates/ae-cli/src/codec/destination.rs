//! Where decoded images go: a folder, a file an image; one file with all of them; or the file of a single one.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use ae_codec::{DecodedChunk, ImageShape};
use ae_data::{Image, Size, StackFormat};
use rayon::prelude::*;

use crate::destination::{PIPE, check_writable, make_folder, names_folder};
use crate::error::{CliError, Status};

/// Extensions of files that hold gray images without loss and are read as gray again. Others get `.png` at their end.
const EXACT: [&str; 4] = ["png", "pgm", "tif", "tiff"];

/// Where decoded images go.
pub(crate) enum DecodedDestination {
    /// A file an image, by the names that the container has, or by numbers.
    Folder(PathBuf),
    /// All in one file.
    Stack(PathBuf, StackFormat),
    /// The only one there is, as a picture.
    Picture(PathBuf),
}

impl DecodedDestination {
    /// A folder, but for a name that stands for a file of many images, or of one.
    ///
    /// # Errors
    /// The name is that of another kind of file; what is there would be written over without `force`.
    pub(crate) fn of(out: &Path, force: bool) -> Result<Self, CliError> {
        if out == Path::new(PIPE) {
            let reason = "images go into files, not to standard output";
            return Err(CliError::usage("--out -", reason)
                .hint("a folder, .npy, .idx, or ...-idx3-ubyte; for a single image a .png"));
        }
        let is_folder = out.is_dir() || names_folder(out);
        if !is_folder && let Some(format) = StackFormat::of(out) {
            check_writable(out, force)?;
            return Ok(Self::Stack(out.to_owned(), format));
        }
        if !is_folder && is_exact(out) {
            check_writable(out, force)?;
            return Ok(Self::Picture(out.to_owned()));
        }
        if !is_folder && let Some(extension) = out.extension() {
            let what = format!("--out {}", out.display());
            let reason = format!("images cannot be written into one .{}", extension.display());
            return Err(CliError::usage(what, reason).hint(
                "a folder (with a slash at its end), .npy, .idx, or ...-idx3-ubyte, also with .gz; for a single image a .png",
            ));
        }
        let is_free =
            fs::read_dir(out).map_or(!out.exists(), |mut entries| entries.next().is_none());
        if !out.is_dir() && out.exists() {
            return Err(CliError::usage(
                out.display(),
                "a file; --out takes a folder here",
            ));
        }
        if !is_free && !force {
            return Err(
                CliError::failure(Status::Files, out.display(), "is not empty")
                    .hint("--force writes over files in it; --out names another folder"),
            );
        }
        Ok(Self::Folder(out.to_owned()))
    }
}

/// Writes images into a folder.
pub(crate) struct FolderWriter<'a> {
    folder: &'a Path,
    written: HashSet<PathBuf>,
    renamed: u64,
}

impl<'a> FolderWriter<'a> {
    /// Makes the folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new(folder: &'a Path) -> Result<Self, CliError> {
        make_folder(folder)?;
        Ok(Self {
            folder,
            written: HashSet::new(),
            renamed: 0,
        })
    }

    /// Images whose files have `.png` at the end of their names, as files of those names could not hold them exactly.
    pub(crate) fn renamed(&self) -> u64 {
        self.renamed
    }

    /// Writes a chunk's images.
    ///
    /// # Errors
    /// A name is none of a file in the folder, or two images have one; a file cannot be written.
    pub(crate) fn write(&mut self, chunk: DecodedChunk) -> Result<(), CliError> {
        let mut files = Vec::with_capacity(chunk.names.len());
        let mut folders = HashSet::new();
        let mut left = &chunk.pixels[..];
        for (index, &shape) in (chunk.first_image..).zip(&chunk.shapes) {
            let (pixels, rest) = left.split_at(shape.pixels());
            left = rest;
            let name = chunk.names.get((index - chunk.first_image) as usize);
            let file = match name {
                None => PathBuf::from(format!("{index:06}.png")),
                Some(name) => self.file_of(index, name)?,
            };
            if !self.written.insert(file.clone()) {
                let what = self.folder.join(&file);
                return Err(CliError::failure(
                    Status::Data,
                    what.display(),
                    format!("two images have this name, the second of them is image {index}"),
                ));
            }
            let path = self.folder.join(file);
            if let Some(folder) = path.parent() {
                folders.insert(folder.to_owned());
            }
            files.push((path, shape, pixels));
        }
        folders.iter().try_for_each(|folder| make_folder(folder))?;
        files
            .into_par_iter()
            .try_for_each(|(path, shape, pixels)| write_picture(&path, shape, pixels))
    }

    /// The file of the image with this name, in the folder.
    fn file_of(&mut self, index: u64, name: &str) -> Result<PathBuf, CliError> {
        let file = inside(name).ok_or_else(|| {
            let what = format!("image {index}");
            let reason = format!("its name is none of a file in a folder: {name:?}");
            CliError::failure(Status::Data, what, reason)
        })?;
        let unpacked = unpacked_name(&file);
        self.renamed += u64::from(unpacked != file);
        Ok(unpacked)
    }
}

/// The name under which an image of a file of this name is unpacked.
pub(crate) fn unpacked_name(file: &Path) -> PathBuf {
    let mut name = file.to_owned().into_os_string();
    if !is_exact(file) {
        name.push(".png");
    }
    name.into()
}

/// Whether a file of this name holds a gray image exactly.
fn is_exact(file: &Path) -> bool {
    file.extension().is_some_and(|extension| {
        EXACT
            .iter()
            .any(|exact| extension.eq_ignore_ascii_case(exact))
    })
}

/// Writes a gray image as a picture, in the format of its name.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write_picture(path: &Path, shape: ImageShape, pixels: &[u8]) -> Result<(), CliError> {
    let shape = ae_data::ImageShape::new(1, shape.height(), shape.width());
    Ok(Image::new(shape, pixels.to_vec())?.write(path)?)
}

/// The path of a name in a folder; nothing where it leads out of it, or is none.
fn inside(name: &str) -> Option<PathBuf> {
    let is_name = |part: &str| {
        let mut components = Path::new(part).components();
        let is_one = matches!(components.next(), Some(Component::Normal(_)));
        is_one && components.next().is_none() && !part.contains('\0')
    };
    let parts: Vec<&str> = name.split('/').collect();
    parts
        .iter()
        .all(|part| is_name(part))
        .then(|| parts.iter().collect())
}

/// Writes images into one file, in their order: those of missing chunks are black.
pub(crate) struct StackWriter<'a> {
    to: &'a mut dyn Write,
    shape: ImageShape,
    images: u64,
    done: u64,
}

impl<'a> StackWriter<'a> {
    /// Of so many images none is written.
    pub(crate) fn new(to: &'a mut dyn Write, shape: ImageShape, images: u64) -> Self {
        Self {
            to,
            shape,
            images,
            done: 0,
        }
    }

    /// Writes a chunk's images.
    ///
    /// # Errors
    /// The file cannot be written, or there are more images than there were to be.
    pub(crate) fn write(&mut self, chunk: &DecodedChunk) -> io::Result<()> {
        self.fill(chunk.first_image)?;
        self.done += chunk.shapes.len() as u64;
        let is_other = chunk.shapes.iter().any(|&shape| shape != self.shape);
        if is_other || self.done > self.images {
            return Err(io::Error::other("the container has changed meanwhile"));
        }
        self.to.write_all(&chunk.pixels)
    }

    /// Makes the images up to the last black that did not come.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.fill(self.images)
    }

    fn fill(&mut self, until: u64) -> io::Result<()> {
        let black = vec![0; self.shape.pixels()];
        while self.done < until.min(self.images) {
            self.to.write_all(&black)?;
            self.done += 1;
        }
        Ok(())
    }
}

/// A shape as sets of images have it.
pub(crate) fn size(shape: ImageShape) -> Size {
    Size {
        height: shape.height(),
        width: shape.width(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_the_folder() {
        for (name, is_inside) in [
            ("a.png", true),
            ("A/b c/é.png", true),
            ("..a/b...png", true),
            ("", false),
            ("/etc/a.png", false),
            ("../a.png", false),
            ("a/../../b.png", false),
            ("a//b.png", false),
            ("./a.png", false),
            ("a/", false),
            ("a\0.png", false),
        ] {
            assert_eq!(inside(name).is_some(), is_inside, "{name:?}");
        }
    }
}

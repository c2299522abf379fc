//! What each target does with its input; the crate's tests do the same with the corpora.

use std::fs;
use std::path::Path;

use ae_data::{Image, ImageLimits, ImageOptions, NoiseChain, OpenOptions, Size, open};

/// Far less than a machine has, so that a fuzzer notices what takes memory on a file's word.
fn little() -> OpenOptions {
    OpenOptions {
        image: ImageOptions {
            limits: ImageLimits {
                max_side_pixels: 512,
                max_pixels: 1 << 14,
                max_decoded_bytes: 1 << 20,
                max_file_bytes: 1 << 20,
            },
            ..ImageOptions::default()
        },
        memory_bytes: 1 << 22,
        ..OpenOptions::default()
    }
}

/// Opens a file with the bytes, and reads every image that it turns out to have.
fn open_as(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join(name), bytes).expect("a temporary file");
    open_all(&folder.path().join(name));
}

fn open_all(path: &Path) {
    let Ok(dataset) = open(&path.display().to_string(), &little()) else {
        return;
    };
    for set in [Some(dataset.train), dataset.test].into_iter().flatten() {
        let mut pixels = vec![0.0; set.shape().values()];
        for index in 0..set.len().min(100) {
            // A file may be gone by now; a panic is what must not be.
            let _ = set.read_unit_into(index, &mut pixels);
            assert!(pixels.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }
}

/// An IDX file, plain or gzipped.
pub(crate) fn idx(bytes: &[u8]) {
    open_as("x-images-idx3-ubyte", bytes);
}

/// An archive, plain or gzipped.
pub(crate) fn archive(bytes: &[u8]) {
    open_as("x.tar", bytes);
}

/// A picture, by its content and by what its name says: the first byte chooses the name.
pub(crate) fn image(bytes: &[u8]) {
    const NAMES: [&str; 8] = [
        "x", "x.png", "x.jpg", "x.gif", "x.bmp", "x.tga", "x.webp", "x.tiff",
    ];
    let Some((&choice, bytes)) = bytes.split_first() else {
        return;
    };
    let name = NAMES[usize::from(choice) % NAMES.len()];
    if let Ok(image) = Image::decode(bytes, Path::new(name), &little().image) {
        assert_eq!(image.pixels().len(), image.shape().values());
    }
}

/// A folder: each line is a path, as far as the file system takes it, with the rest of the line after a tab in it.
pub(crate) fn folder(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for line in bytes.split(|&byte| byte == b'\n').take(16) {
        let (name, content) = match line.iter().position(|&byte| byte == b'\t') {
            Some(tab) => (&line[..tab], &line[tab + 1..]),
            None => (line, &[][..]),
        };
        let name = String::from_utf8_lossy(name).replace('\0', "");
        let relative: std::path::PathBuf = Path::new(&name)
            .components()
            .filter(|part| matches!(part, std::path::Component::Normal(_)))
            .collect();
        let path = folder.path().join(relative);
        if let Some(parent) = path.parent() {
            let _ = fs::create_dir_all(parent);
        }
        let _ = fs::write(path, content);
    }
    open_all(folder.path());
}

/// The small languages of the command line. What is understood is written as it can be read again.
pub(crate) fn languages(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(chain) = text.parse::<NoiseChain>() {
        let written = chain.to_string();
        assert_eq!(written.parse::<NoiseChain>().ok(), Some(chain), "{written}");
    }
    if let Ok(size) = text.parse::<Size>() {
        let written = size.to_string();
        assert_eq!(written.parse::<Size>().ok(), Some(size), "{written}");
    }
}

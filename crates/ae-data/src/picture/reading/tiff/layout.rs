//! How a page of a TIFF file lies in it: what its directory says, checked before it is believed.

use std::io::{Read, Seek};

use crate::picture::reading::tiff::directory::{Directory, TiffFile};

/// Numbers of the tags that are asked for.
pub(super) mod tag {
    pub(crate) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const ORIENTATION: u16 = 274;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_BYTES: u16 = 279;
    pub(crate) const X_RESOLUTION: u16 = 282;
    pub(crate) const Y_RESOLUTION: u16 = 283;
    pub(crate) const PLANAR: u16 = 284;
    pub(crate) const RESOLUTION_UNIT: u16 = 296;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const COLOR_MAP: u16 = 320;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_BYTES: u16 = 325;
    pub(crate) const EXTRA_SAMPLES: u16 = 338;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const JPEG_TABLES: u16 = 347;
    pub(crate) const SUBSAMPLING: u16 = 530;
    pub(crate) const IMAGE_DEPTH: u16 = 32_997;
    pub(crate) const ICC_PROFILE: u16 = 34_675;
    pub(crate) const DNG_VERSION: u16 = 50_706;
}

/// Colors as a page stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colors {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
}

impl Colors {
    /// Samples of a pixel, without extra ones.
    pub(super) fn samples(self) -> usize {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero | Self::Palette => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

/// Alpha as a page stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    /// Straight: colors are not multiplied by it.
    Straight,
    /// Colors are multiplied by it ("associated").
    Premultiplied,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Unsigned,
    Signed,
    Float,
}

/// A page's layout.
#[derive(Clone, Debug)]
pub(super) struct PageLayout {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) bits: usize,
    pub(super) kind: Kind,
    pub(super) colors: Colors,
    pub(super) alpha: Option<Alpha>,
    /// Samples of a pixel, extra ones included.
    pub(super) samples: usize,
    /// Whether each sample has chunks of its own.
    pub(super) planar: bool,
    pub(super) compression: u64,
    pub(super) predictor: u64,
    /// Whether the bits of a byte begin with the least significant one.
    pub(super) reversed_bits: bool,
    /// Width and height of a chunk, and whether it is a tile, padded to its full size.
    pub(super) chunk: (usize, usize),
    pub(super) tiled: bool,
    pub(super) offsets: Vec<u64>,
    pub(super) lengths: Vec<u64>,
    pub(super) jpeg_tables: Option<Vec<u8>>,
    /// Red, green and blue of a palette, one after the other.
    pub(super) palette: Vec<u64>,
    /// Brightness values to one of color, along a row and a column; nothing where the file does not say.
    pub(super) subsampling: Option<Vec<u64>>,
    pub(super) orientation: u8,
}

/// Width and height alone, for limits to be checked first.
pub(super) fn size_of<R: Read + Seek>(
    file: &mut TiffFile<R>,
    directory: &Directory,
) -> Result<(u64, u64), String> {
    let mut side = |tag, name: &str| {
        let side = file.number(directory, tag).map_err(broken)?;
        side.ok_or_else(|| format!("the TIFF says no {name}"))
    };
    Ok((side(tag::WIDTH, "width")?, side(tag::HEIGHT, "height")?))
}

/// Reads and checks a page's directory, whose size has been checked.
pub(super) fn layout_of<R: Read + Seek>(
    file: &mut TiffFile<R>,
    directory: &Directory,
) -> Result<PageLayout, String> {
    let (width, height) = size_of(file, directory)?;
    let (width, height) = (width as usize, height as usize);
    let mut number = |tag, default: u64| -> Result<u64, String> {
        Ok(file
            .number(directory, tag)
            .map_err(broken)?
            .unwrap_or(default))
    };
    let samples = number(tag::SAMPLES, 1)?;
    let photometric = number(tag::PHOTOMETRIC, u64::MAX)?;
    let compression = number(tag::COMPRESSION, 1)?;
    let predictor = number(tag::PREDICTOR, 1)?;
    let planar = number(tag::PLANAR, 1)? == 2 && samples > 1;
    let reversed_bits = number(tag::FILL_ORDER, 1)? == 2;
    let orientation = number(tag::ORIENTATION, 1)?.min(255) as u8;
    if number(tag::IMAGE_DEPTH, 1)? > 1 {
        return Err("a TIFF volume is not read: write a page a slice".to_owned());
    }
    let colors = match photometric {
        0 => Colors::WhiteIsZero,
        1 => Colors::BlackIsZero,
        2 => Colors::Rgb,
        3 => Colors::Palette,
        5 => Colors::Cmyk,
        6 => Colors::YCbCr,
        8..=10 => return Err("a TIFF in Lab colors is not read: convert it to RGB".to_owned()),
        32_803 | 34_892 => return Err("a TIFF of a camera's raw data is not read".to_owned()),
        u64::MAX => return Err("the TIFF says nothing of its colors".to_owned()),
        other => return Err(format!("a TIFF of colors {other} is not read")),
    };
    if samples == 0 || samples > 64 {
        return Err(format!("a TIFF with {samples} samples a pixel is not read"));
    }
    let samples = samples as usize;
    let alpha = alpha_of(file, directory, colors, samples)?;
    let bits = same(file, directory, tag::BITS, 1, "bits")?;
    let kind = match same(file, directory, tag::SAMPLE_FORMAT, 1, "formats")? {
        1 | 4 => Kind::Unsigned,
        2 => Kind::Signed,
        3 => Kind::Float,
        other => return Err(format!("a TIFF of sample format {other} is not read")),
    };
    let bits_are_right = match kind {
        Kind::Unsigned => matches!(bits, 1..=16 | 32 | 64),
        Kind::Signed => matches!(bits, 8 | 16 | 32 | 64),
        Kind::Float => matches!(bits, 16 | 32 | 64),
    };
    if !bits_are_right {
        return Err(format!("a TIFF of {bits} bits a value is not read"));
    }
    let tiled = directory.has(tag::TILE_OFFSETS);
    let (offset_tag, length_tag) = if tiled {
        (tag::TILE_OFFSETS, tag::TILE_BYTES)
    } else {
        (tag::STRIP_OFFSETS, tag::STRIP_BYTES)
    };
    let mut numbers = |tag| file.numbers(directory, tag).map_err(broken);
    let offsets = numbers(offset_tag)?.ok_or("the TIFF does not say where its pixels are")?;
    let lengths = numbers(length_tag)?.ok_or("the TIFF does not say how long its strips are")?;
    let palette = numbers(tag::COLOR_MAP)?.unwrap_or_default();
    let subsampling = numbers(tag::SUBSAMPLING)?;
    let chunk = if tiled {
        let side = |numbers: Option<Vec<u64>>| numbers.and_then(|numbers| numbers.first().copied());
        let width = side(numbers(tag::TILE_WIDTH)?).ok_or("the TIFF's tiles have no width")?;
        (
            width,
            side(numbers(tag::TILE_HEIGHT)?).ok_or("the TIFF's tiles have no height")?,
        )
    } else {
        let rows = numbers(tag::ROWS_PER_STRIP)?.and_then(|rows| rows.first().copied());
        (
            width as u64,
            rows.unwrap_or(height as u64).min(height as u64),
        )
    };
    // A tile may be larger than the picture, but not by far.
    let largest = (2 * width.max(height)).max(4_096) as u64;
    if chunk.0 == 0 || chunk.1 == 0 || chunk.0.max(chunk.1) > largest {
        return Err(format!(
            "TIFF tiles of {}x{} pixels are not read",
            chunk.0, chunk.1
        ));
    }
    let chunk = (chunk.0 as usize, chunk.1 as usize);
    let planes = if planar { samples } else { 1 };
    let expected = width.div_ceil(chunk.0) * height.div_ceil(chunk.1) * planes;
    if offsets.len() != expected || lengths.len() != expected {
        return Err(format!(
            "the TIFF has {} strips or tiles where its size asks for {expected}",
            offsets.len().min(lengths.len())
        ));
    }
    for (&offset, &length) in offsets.iter().zip(&lengths) {
        if length == 0 {
            return Err("a strip or tile of the TIFF is empty".to_owned());
        }
        if offset
            .checked_add(length)
            .is_none_or(|end| end > file.file_bytes)
        {
            return Err(
                "the TIFF is truncated: a strip or tile ends after the file does".to_owned(),
            );
        }
    }
    if colors == Colors::Palette && palette.len() != 3 << bits.min(16) {
        return Err("the TIFF's palette does not fit its bits".to_owned());
    }
    Ok(PageLayout {
        width,
        height,
        bits: bits as usize,
        kind,
        colors,
        alpha,
        samples,
        planar,
        compression,
        predictor,
        reversed_bits,
        chunk,
        tiled,
        offsets,
        lengths,
        jpeg_tables: file.bytes(directory, tag::JPEG_TABLES).map_err(broken)?,
        palette,
        subsampling,
        orientation,
    })
}

/// Alpha, where an extra sample is that.
fn alpha_of<R: Read + Seek>(
    file: &mut TiffFile<R>,
    directory: &Directory,
    colors: Colors,
    samples: usize,
) -> Result<Option<Alpha>, String> {
    let stated = file
        .numbers(directory, tag::EXTRA_SAMPLES)
        .map_err(broken)?;
    let stated = stated.unwrap_or_default();
    let extra = samples
        .checked_sub(colors.samples())
        .ok_or_else(|| format!("{samples} samples a pixel are too few for the TIFF's colors"))?;
    match (extra, stated.first()) {
        (0, _) => Ok(None),
        (1, Some(1)) => Ok(Some(Alpha::Premultiplied)),
        (1, Some(2)) => Ok(Some(Alpha::Straight)),
        // Beside three colors a fourth sample of no stated meaning is filling.
        (1, _) if colors.samples() >= 3 => Ok(None),
        _ => Err(format!(
            "a TIFF with {samples} channels, which are neither gray nor RGB, with or without alpha, is not read"
        )),
    }
}

/// A number that each sample has for itself, where all have the same.
fn same<R: Read + Seek>(
    file: &mut TiffFile<R>,
    directory: &Directory,
    tag: u16,
    default: u64,
    what: &str,
) -> Result<u64, String> {
    let numbers = file
        .numbers(directory, tag)
        .map_err(broken)?
        .unwrap_or_default();
    let first = numbers.first().copied().unwrap_or(default);
    if numbers.iter().any(|&number| number != first) {
        return Err(format!(
            "a TIFF whose channels have different {what} is not read"
        ));
    }
    Ok(first)
}

/// The reason in an error of reading.
pub(super) fn broken(error: std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "the TIFF is truncated".to_owned(),
        _ => error.to_string(),
    }
}

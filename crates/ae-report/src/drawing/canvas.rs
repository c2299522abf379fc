//! What everything is drawn on: tiny-skia for lines and shapes, our own text, pictures copied pixel by pixel.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform,
};

use crate::drawing::lettering::TextStyle;
use crate::drawing::picture::Picture;
use crate::error::ReportError;

/// Which point of a text its position names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// The shape that marks a point of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Marker {
    Dot,
    Ring,
    Cross,
    Diamond,
    Square,
    Triangle,
}

/// An opaque white page.
pub(crate) struct Canvas {
    pixmap: Pixmap,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize) -> Result<Self, ReportError> {
        let refused = || ReportError::PictureSize { width, height };
        if width > 16_384 || height > 16_384 {
            return Err(refused());
        }
        let mut pixmap = Pixmap::new(width as u32, height as u32).ok_or_else(refused)?;
        pixmap.fill(Color::WHITE);
        Ok(Self { pixmap })
    }

    /// Everything is opaque, so the alpha channel holds nothing.
    pub(crate) fn into_picture(self) -> Picture {
        let (width, height) = (self.pixmap.width() as usize, self.pixmap.height() as usize);
        let pixels = self.pixmap.data().chunks_exact(4);
        let pixels = pixels.flat_map(|rgba| [rgba[0], rgba[1], rgba[2]]);
        Picture::from_pixels(width, height, pixels.collect())
    }

    fn blend(&mut self, x: i32, y: i32, color: [u8; 3], coverage: f32) {
        let (width, height) = (self.pixmap.width() as i32, self.pixmap.height() as i32);
        if (0..width).contains(&x) && (0..height).contains(&y) {
            let at = (y * width + x) as usize * 4;
            for (under, over) in self.pixmap.data_mut()[at..at + 3].iter_mut().zip(color) {
                let mixed = f32::from(*under) * (1.0 - coverage) + f32::from(over) * coverage;
                *under = mixed.round() as u8;
            }
        }
    }

    /// A filled rectangle on whole pixels.
    pub(crate) fn fill(&mut self, x: usize, y: usize, width: usize, height: usize, color: [u8; 3]) {
        if let Some(rect) = Rect::from_xywh(x as f32, y as f32, width as f32, height as f32) {
            let mut paint = solid(color);
            paint.anti_alias = false;
            self.pixmap
                .fill_rect(rect, &paint, Transform::identity(), None);
        }
    }

    /// A frame of one pixel just outside a rectangle.
    pub(crate) fn frame(
        &mut self,
        x: usize,
        y: usize,
        width: usize,
        height: usize,
        color: [u8; 3],
    ) {
        let (left, top) = (x.saturating_sub(1), y.saturating_sub(1));
        self.fill(left, top, width + 2, 1, color);
        self.fill(left, y + height, width + 2, 1, color);
        self.fill(left, top, 1, height + 2, color);
        self.fill(x + width, top, 1, height + 2, color);
    }

    /// Copies a picture; what would lie outside is left out.
    pub(crate) fn place(&mut self, picture: &Picture, x: usize, y: usize) {
        let width = self.pixmap.width() as usize;
        let height = self.pixmap.height() as usize;
        let columns = picture.width().min(width.saturating_sub(x));
        for row in 0..picture.height().min(height.saturating_sub(y)) {
            let from = &picture.pixels()[row * picture.width() * 3..][..columns * 3];
            let to = &mut self.pixmap.data_mut()[((y + row) * width + x) * 4..][..columns * 4];
            for (to, from) in to.chunks_exact_mut(4).zip(from.chunks_exact(3)) {
                to[..3].copy_from_slice(from);
            }
        }
    }

    /// A line through `points`.
    pub(crate) fn line(&mut self, points: &[(f32, f32)], thickness: f32, color: [u8; 3]) {
        let mut builder = PathBuilder::new();
        for (index, &(x, y)) in points.iter().enumerate() {
            if index == 0 {
                builder.move_to(x, y);
            } else {
                builder.line_to(x, y);
            }
        }
        if let Some(path) = builder.finish() {
            self.stroke(&path, thickness, color);
        }
    }

    fn stroke(&mut self, path: &Path, thickness: f32, color: [u8; 3]) {
        let stroke = Stroke {
            width: thickness,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        self.pixmap
            .stroke_path(path, &solid(color), &stroke, Transform::identity(), None);
    }

    /// A marker of about `radius`, with a white rim that keeps it apart from lines under it.
    pub(crate) fn marker(&mut self, marker: Marker, x: f32, y: f32, radius: f32, color: [u8; 3]) {
        let polygon = |corners: &[(f32, f32)]| {
            let mut builder = PathBuilder::new();
            for (index, (across, down)) in corners.iter().enumerate() {
                let (x, y) = (x + across * radius, y + down * radius);
                if index == 0 {
                    builder.move_to(x, y);
                } else {
                    builder.line_to(x, y);
                }
            }
            builder.close();
            builder.finish()
        };
        let path = match marker {
            Marker::Dot | Marker::Ring => PathBuilder::from_circle(x, y, radius),
            Marker::Diamond => polygon(&[(0.0, -1.35), (1.35, 0.0), (0.0, 1.35), (-1.35, 0.0)]),
            Marker::Square => {
                polygon(&[(-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)])
            }
            Marker::Triangle => polygon(&[(0.0, -1.3), (1.2, 0.8), (-1.2, 0.8)]),
            Marker::Cross => {
                for (dx, dy) in [(1.0, 1.0), (1.0, -1.0)] {
                    let (dx, dy) = (dx * radius, dy * radius);
                    self.line(&[(x - dx, y - dy), (x + dx, y + dy)], 2.5, color);
                }
                return;
            }
        };
        let Some(path) = path else { return };
        if marker == Marker::Ring {
            self.fill_path(&path, [255; 3]);
            self.stroke(&path, 3.0, color);
        } else {
            self.stroke(&path, 3.0, [255; 3]);
            self.fill_path(&path, color);
        }
    }

    fn fill_path(&mut self, path: &Path, color: [u8; 3]) {
        self.pixmap.fill_path(
            path,
            &solid(color),
            FillRule::Winding,
            Transform::identity(),
            None,
        );
    }

    /// Text that stands on the line `baseline`.
    pub(crate) fn text(
        &mut self,
        text: &str,
        x: f32,
        baseline: f32,
        anchor: Anchor,
        style: TextStyle,
    ) {
        let start = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - style.width(text) / 2.0,
            Anchor::End => x - style.width(text),
        };
        style.rasterize(text, start, baseline.round(), |x, y, coverage| {
            self.blend(x, y, style.color, coverage);
        });
    }

    /// Text whose capitals are centered on the height `y`.
    pub(crate) fn text_centered(
        &mut self,
        text: &str,
        x: f32,
        y: f32,
        anchor: Anchor,
        style: TextStyle,
    ) {
        self.text(text, x, y + style.cap_height() / 2.0, anchor, style);
    }

    /// Text that is read from bottom to top, centered on `(x, y)`.
    pub(crate) fn text_upwards(&mut self, text: &str, x: f32, y: f32, style: TextStyle) {
        let (x, y) = (x.round() as i32, y.round() as i32);
        let start = -style.width(text) / 2.0;
        let baseline = (style.cap_height() / 2.0).round();
        style.rasterize(text, start, baseline, |across, down, coverage| {
            self.blend(x + down, y - across, style.color, coverage);
        });
    }
}

fn solid(color: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(color[0], color[1], color[2], 255);
    paint
}

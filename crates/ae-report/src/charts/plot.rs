//! Where a chart's axes lie on the canvas.

use crate::charts::axis::Axis;
use crate::charts::series::ChartPoint;

/// A rectangle on the canvas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

impl Area {
    /// The square of `2 radius` pixels a side about a point.
    pub(crate) fn around(x: f32, y: f32, radius: f32) -> Self {
        Self {
            left: x - radius,
            top: y - radius,
            right: x + radius,
            bottom: y + radius,
        }
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    pub(crate) fn contains(self, other: Self) -> bool {
        self.left <= other.left
            && other.right <= self.right
            && self.top <= other.top
            && other.bottom <= self.bottom
    }
}

/// The axes and where they lie.
pub(crate) struct Plot {
    pub(crate) area: Area,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
}

impl Plot {
    pub(crate) fn across(&self, value: f64) -> f32 {
        self.area.left + (self.area.right - self.area.left) * self.x.share(value) as f32
    }

    pub(crate) fn down(&self, value: f64) -> f32 {
        self.area.bottom - (self.area.bottom - self.area.top) * self.y.share(value) as f32
    }

    pub(crate) fn holds(&self, point: &ChartPoint<'_>) -> bool {
        self.x.holds(point.x) && self.y.holds(point.y)
    }

    pub(crate) fn place(&self, point: &ChartPoint<'_>) -> (f32, f32) {
        (self.across(point.x), self.down(point.y))
    }
}

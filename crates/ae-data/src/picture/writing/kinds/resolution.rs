//! Resolutions in the units that formats have.

use crate::picture::metadata::{Resolution, ResolutionUnit};

/// Pixels to a meter, along rows and columns; nothing where the resolution has no length.
pub(super) fn per_meter(resolution: &Resolution) -> Option<(u32, u32)> {
    let factor = match resolution.unit {
        ResolutionUnit::Ratio => return None,
        ResolutionUnit::Inch => 1.0 / 0.0254,
        ResolutionUnit::Centimeter => 100.0,
        ResolutionUnit::Meter => 1.0,
    };
    let whole = |value: f64| (value * factor).round() as u32;
    Some((whole(resolution.x), whole(resolution.y)))
}

/// The resolution by inches where it is by meters, which some formats don't have; the same otherwise.
pub(super) fn by_inch_for_meter(resolution: &Resolution) -> Resolution {
    if resolution.unit != ResolutionUnit::Meter {
        return *resolution;
    }
    // Meters hold whole numbers of pixels: 11811 is 300 to the inch, rounded.
    let by_inch = |value: f64| {
        let exact = value * 0.0254;
        let rounded = exact.round();
        if (rounded / 0.0254).round() == value {
            rounded
        } else {
            exact
        }
    };
    Resolution {
        x: by_inch(resolution.x),
        y: by_inch(resolution.y),
        unit: ResolutionUnit::Inch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inches_and_meters_are_brought_to_each_other() {
        for (dpi, meter) in [(72.0, 2835), (96.0, 3780), (300.0, 11_811), (600.0, 23_622)] {
            let inch = Resolution {
                x: dpi,
                y: dpi,
                unit: ResolutionUnit::Inch,
            };
            assert_eq!(per_meter(&inch), Some((meter, meter)));
            let by_meter = Resolution {
                x: f64::from(meter),
                y: f64::from(meter),
                unit: ResolutionUnit::Meter,
            };
            assert_eq!(by_inch_for_meter(&by_meter), inch);
        }
        let odd = Resolution {
            x: 1000.0,
            y: 500.0,
            unit: ResolutionUnit::Meter,
        };
        let inch = by_inch_for_meter(&odd);
        assert!((inch.x - 25.4).abs() < 1e-9 && (inch.y - 12.7).abs() < 1e-9);
    }
}

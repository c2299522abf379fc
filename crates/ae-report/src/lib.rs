#![doc = include_str!("../README.md")]

mod charts;
mod drawing;
mod error;
mod grids;
mod maps;
mod text;

pub use charts::axis::AxisScale;
pub use charts::bars::{Bar, BarRequest, bar_chart};
pub use charts::curves::{Curve, CurveRequest, loss_curves};
pub use charts::rate_distortion::{RateDistortionRequest, RatePoint, RateSeries, rate_distortion};
pub use drawing::picture::Picture;
pub use drawing::viridis::viridis;
pub use error::ReportError;
pub use grids::code_tiles::{ColorRange, code_tiles};
pub use grids::comparisons::{
    DenoisingRequest, ImageGridRequest, ReconstructionRequest, denoising_picture, image_grid,
    reconstruction_picture,
};
pub use grids::labeled_rows::{Cells, GridRequest, GridRow, picture_grid};
pub use grids::panels::{Detail, Panel, PanelsRequest, panels};
pub use maps::page::map_html;
pub use maps::points::{MapPoint, MapRequest, map_picture};
pub use text::number::{significant, thousands};
pub use text::table::{Align, Column, markdown_table, table};

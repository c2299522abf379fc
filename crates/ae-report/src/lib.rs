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
pub use grids::code_tiles::code_tiles;
pub use grids::color_range::ColorRange;
pub use grids::comparisons::{
    DenoisingRequest, ReconstructionRequest, denoising_picture, reconstruction_picture,
};
pub use grids::heat_maps::{HeatMap, HeatMapsRequest, heat_maps};
pub use grids::image_grid::{ImageGridRequest, image_grid};
pub use grids::panels::{Detail, Panel, PanelsRequest, panels};
pub use grids::picture_grid::picture_grid;
pub use grids::request::{Cells, GridRequest, GridRow};
pub use maps::page::map_html;
pub use maps::picture::map_picture;
pub use maps::points::{MapPoint, MapRequest};
pub use text::number::{counted, significant, thousands};
pub use text::table::{Align, Column, markdown_table, table};

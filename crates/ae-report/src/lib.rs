#![doc = include_str!("../README.md")]

mod axis;
mod bars;
mod canvas;
mod chart;
mod code_tiles;
mod color_bar;
mod curves;
mod error;
mod grid;
mod grid_cells;
mod map;
mod map_page;
mod number;
mod panels;
mod picture;
mod pictures;
mod rate_distortion;
mod table;
mod text;
mod theme;
mod ticks;
mod viridis;

pub use axis::AxisScale;
pub use bars::{Bar, BarRequest, bar_chart};
pub use code_tiles::{ColorRange, code_tiles};
pub use curves::{Curve, CurveRequest, loss_curves};
pub use error::ReportError;
pub use grid::{Cells, GridRequest, GridRow, picture_grid};
pub use map::{MapPoint, MapRequest, map_picture};
pub use map_page::map_html;
pub use number::{significant, thousands};
pub use panels::{Detail, Panel, PanelsRequest, panels};
pub use picture::Picture;
pub use pictures::{
    DenoisingRequest, ImageGridRequest, ReconstructionRequest, denoising_picture, image_grid,
    reconstruction_picture,
};
pub use rate_distortion::{RateDistortionRequest, RatePoint, RateSeries, rate_distortion};
pub use table::{Align, Column, markdown_table, table};
pub use viridis::viridis;

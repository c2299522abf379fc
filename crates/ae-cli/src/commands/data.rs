//! `ae data …`.

pub(super) mod glyphs;
pub(super) mod info;
pub(super) mod noise;
pub(super) mod show;

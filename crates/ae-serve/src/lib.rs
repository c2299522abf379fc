#![doc = include_str!("../README.md")]

mod api;
mod error;
mod exchange;
mod limits;
mod metrics;
mod models;
mod openapi;
mod page;
mod refusal;
mod router;
mod runs;
mod server;
mod service;
#[cfg(test)]
mod tests;
mod token;

pub use error::ServeError;
pub use limits::{Batching, Limits};
pub use models::catalog::Models;
pub use server::{Server, ServerOptions};
pub use token::Token;

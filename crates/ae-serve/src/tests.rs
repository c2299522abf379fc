//! Every route and every refusal, without a socket.

mod codec;
mod fixture;
mod refusals;
mod routes;
mod whole;

//! What holds for whatever images, noises, seeds and sizes there are, tried on many random ones.

mod fitting;
mod noise;
mod random;
mod splits;

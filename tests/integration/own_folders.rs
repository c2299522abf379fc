//! Right answers on folders that people bring: a file for each kind, whose tests are named for what went wrong.
//!
//! [`inputs`] makes the folders: the same synthetic pictures in any format, without a file from elsewhere.

mod inputs;
mod parts_run;

// A line for each kind, in alphabetical order.
mod alarm_rate;
mod as_written;
mod chosen_by_validation;
mod code_axes;
mod collapse;
mod delivery;
mod kept;
mod layouts;
mod limit;
mod measuring;
mod noise_scale;
mod pages;
mod preprocessing;
mod reading;
mod results_apart;
mod resumed_runs;
mod rivals;
mod runs_in_the_set;
mod same_set;
mod short_runs;
mod small_things;
mod validation;
mod where_it_lies;

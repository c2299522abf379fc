//! What comes in bodies and goes out in them: pictures, arrays and codes, in the forms that they have there.

pub(crate) mod array;
pub(crate) mod body;
pub(crate) mod form;
pub(crate) mod pictures;
pub(crate) mod submitted;

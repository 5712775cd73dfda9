//! C API of swim.

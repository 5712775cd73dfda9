//! sim of swim.

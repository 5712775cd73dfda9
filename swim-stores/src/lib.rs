//! stores of swim.

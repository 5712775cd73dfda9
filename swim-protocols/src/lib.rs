//! protocols of swim.

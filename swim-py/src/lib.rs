//! Python module of swim.

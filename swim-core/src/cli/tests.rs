//! Conversations with scripted bytes.

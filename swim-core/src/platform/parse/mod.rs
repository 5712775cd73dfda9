//! Parsers of device output: one file a command, shared by drivers, the corpus test and the other languages.

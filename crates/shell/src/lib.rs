//! The management shell's language: lexer, parser, objects, pipeline, formatting.

"""The three stages, index, evaluate and deliver: each reads, calls pure code and writes once."""

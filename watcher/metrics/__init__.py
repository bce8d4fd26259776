"""Metrics, one a file: each gives a reading as of a block."""

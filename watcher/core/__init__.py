"""The pure part: every conclusion is made here, from values alone."""

"""Alert channels, one a file: each sends one event and says what came of it."""

"""The watcher: a token programme's performance KPIs as facts that anyone can check."""

__version__ = "0.1.0"

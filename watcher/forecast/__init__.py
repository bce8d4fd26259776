"""Forecasts: when a KPI may be met. They feed nothing; only the command `watcher forecast` imports this."""

"""From which date on KPIs can be decided, going by what one endpoint has of the history.

    History ─▶ first block whose facts can all be read ─▶ its time ─▶ when the window is full ─▶ Finding

Every metric there is reads the apps' verdicts, and so needs receipts and state alike.
"""

from watcher.core.activity import full_from
from watcher.core.definition import Definition
from watcher.core.endpoint_report import History
from watcher.core.preflight import Finding, Level
from watcher.core.types import iso_utc
from watcher.core.wording import counted


def decidable(definition: Definition, name: str, history: History, *, first: int) -> Finding:
    """Say it of an endpoint, by its `name`; `first` is the first block that is still to be read.

    A warning where it is not that block, or where state lacks that cannot be proven from later code.
    """
    kpis = f"KPI {', '.join(definition.kpis)}"
    if history.blocks_from is None or history.receipts_from is None:
        return Finding(Level.WARNING, name, f"{kpis}: not decidable there at any block")
    begins = max(first, history.blocks_from, history.receipts_from)
    text = f"{kpis}: decidable from {_time(history, begins)} on"
    level = Level.OK
    if begins > first:
        level = Level.WARNING
        text += f", if count_from is {begins} or a [[chain.gap]] covers what is before"
    state_from = history.state_from
    if state_from is None or state_from > begins:
        level = Level.WARNING
        text += "; for apps behind proxies "
        text += "not at all" if state_from is None else f"from {_time(history, state_from)} on"
    chain, window = definition.chain, definition.liveness.window
    goes_on = begins == first > chain.next_block(chain.count_from - 1)
    if begins in history.times and not goes_on:
        full = iso_utc(full_from(window, history.times[begins]))
        text += f"; its window of {counted(window.days, 'day')} is full from {full} on"
    return Finding(level, name, text)


def _time(history: History, number: int) -> str:
    """Give the time of a block where the endpoint told it, and the block."""
    told = history.times.get(number)
    return f"block {number}" if told is None else f"{iso_utc(told)} (block {number})"

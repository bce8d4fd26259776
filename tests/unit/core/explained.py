"""How tests read an explanation: the lines under one label."""

from watcher.core.explanation import Explanation


def told(explanation: Explanation, label: str) -> list[str]:
    """Give the lines under a label."""
    found: list[str] = []
    for line in explanation.lines:
        if line.startswith(label):
            found = [line.removeprefix(label).strip()]
        elif found and line.startswith(" "):
            found.append(line.strip())
        elif found:
            break
    return found

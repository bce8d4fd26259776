"""Holds branch coverage to its bars, package by package; run it after pytest --cov.

The bar is 100 % where conclusions are made and 90 % elsewhere.
"""

import io
import sys
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import NoDataError

PACKAGE = Path(__file__).parent.parent / "watcher"
CONCLUSIONS = frozenset({"core", "metrics", "discovery", "stages"})


def main() -> int:
    """Print a line a package, and what is missing where a bar is not reached; return 1 if one is not."""
    coverage = Coverage()
    coverage.load()
    short = 0
    for folder in [PACKAGE, *sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))]:
        bar = 100 if folder.name in CONCLUSIONS else 90
        pattern = str(folder / "*.py") if folder == PACKAGE else str(folder / "**" / "*.py")
        missing = io.StringIO()
        try:
            percent = coverage.report(include=[pattern], file=missing)
        except NoDataError:  # nothing but docstrings in it
            continue
        verdict = "" if percent >= bar else f"  BELOW {bar} %\n{missing.getvalue()}"
        short += percent < bar
        sys.stdout.write(f"{folder.name:12} {percent:6.2f} %{verdict}\n")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())

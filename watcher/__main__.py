"""`watcher` and `python -m watcher`: hands over to the command line."""

import io
import sys

from watcher.cli import app


def main() -> None:
    """Run the command that the arguments name; ends the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Spark lines and titles are Unicode; a terminal that has less gets question marks, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app(prog_name="watcher")


if __name__ == "__main__":
    main()

"""`watcher` and `python -m watcher`: hands over to the command line."""

from watcher.cli import app


def main() -> None:
    """Run the command that the arguments name; ends the process with its exit code."""
    app(prog_name="watcher")


if __name__ == "__main__":
    main()

"""From the options of a command to the explorer that they name."""

import os

from pydantic import ValidationError

from watcher import kinds
from watcher.errors import UsageError
from watcher.explorers import Explorer


def chosen_explorer(kind: str, url: str | None, variable: str | None, chain_id: int) -> Explorer:
    """Make the explorer of that kind, with the key that an environment variable holds.

    UsageError where the kind is unknown, the URL is none, or the variable is not set.
    """
    try:
        module = kinds.explorer(kind)
    except ValueError as error:
        raise UsageError(f'--explorer "{kind}" {error}') from None
    key = None if variable is None else os.environ.get(variable)
    if variable is not None and not key:
        raise UsageError(f"--api-key names an environment variable that is not set: {variable}")
    given = {name: value for name, value in (("url", url), ("key", key)) if value is not None}
    try:
        settings = module.Settings.model_validate(given)
    except ValidationError:  # its message would repeat what was given
        raise UsageError(
            "--url does not name the API: write one that begins with https:// or http://, without ? and #"
        ) from None
    return module.build(settings, chain_id)

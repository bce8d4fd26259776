"""The pair of files that `watcher init` writes: the shipped commented ones, without what is theirs alone.

config/programs/devnet.toml, config/watcher.toml ─▶ program.toml, watcher.toml
"""

import re

from watcher.shipped import shipped

_HEAD = """\
# A program: what is measured, and what follows from it. Public, no secrets. This one is to start from: it is
# for a local chain with chain id 31337 and shows every way to find an app's contracts. Put your chain, apps
# and KPIs in; `watcher check` says what is wrong, and what reading the chain will cost.
#
# Amounts are integers or decimals in quotes, never floats; a day in a duration is 86,400 seconds.

"""
_SCHEMA_HINT = re.compile(r"\A#:schema .*\n")
_SHIPPED_HEAD = re.compile(r"\A(?:#.*\n)+\n")


def starter_program() -> str:
    """Give a commented program that is valid as it is."""
    text = shipped("config", "programs", "devnet.toml").read_text(encoding="utf-8")
    mine = text.replace('id = "devnet"\n', 'id = "my-program"\n', 1)
    return _HEAD + _SHIPPED_HEAD.sub("", mine)


def starter_deployment() -> str:
    """Give a commented deployment that is valid as it is: one endpoint on this machine, events in the log."""
    text = shipped("config", "watcher.toml").read_text(encoding="utf-8")
    return _SCHEMA_HINT.sub("", text)

"""Checks between a program's apps: what they list, what they require, and how they are found."""

from collections.abc import Iterator

from watcher import kinds
from watcher.config.chains import chain_of
from watcher.config.problems import KeyPath, Problem
from watcher.config.program_file import App, Chain, ProgramFile
from watcher.core.applications import COUNTED_ROLES
from watcher.core.types import Address, AppId
from watcher.discovery.curated import Contract


def app_problems(program: ProgramFile) -> Iterator[Problem]:
    """Give everything that is wrong between apps, or between an app and the chain."""
    listed: dict[Address, str] = {}
    claimed: dict[str, str] = {}
    for place, app in enumerate(program.app):
        at: KeyPath = ("app", place)
        for number, contract in enumerate(app.contract):
            here = f"app[{place}].contract[{number}]"
            first = listed.setdefault(contract.address, here)
            if first != here:
                yield Problem(
                    (*at, "contract", number, "address"),
                    f"is listed already as {first}: a contract belongs to one app, list it once",
                )
            yield from _membership((*at, "contract", number), contract, program.chain)
        yield from _required(at, app)
        yield from _shared(at, app, claimed, program.chain)
        yield from _open(at, app, program)


def _membership(at: KeyPath, contract: Contract, chain: Chain) -> Iterator[Problem]:
    joins = max(contract.from_block or 0, chain.count_from)
    if contract.until_block is not None and contract.until_block <= joins:
        yield Problem(
            (*at, "until_block"),
            f"leaves no block to the membership, which begins at {joins}: write a later one, "
            "or leave the contract out",
        )
    for key in ("from_block", "until_block"):
        number = getattr(contract, key)
        for gap in chain.gap:
            if number is not None and gap.first <= number <= gap.last:
                yield Problem(
                    (*at, key),
                    f"lies in the declared gap of blocks {gap.first} to {gap.last}: write {gap.last + 1}, "
                    "the first block behind it",
                )


def _required(at: KeyPath, app: App) -> Iterator[Problem]:
    roles = {contract.address: contract.role for contract in app.contract}
    if roles and not app.discover and COUNTED_ROLES.isdisjoint(roles.values()):
        yield Problem(
            (*at, "contract"),
            f"has no contract that counts: give one the role {' or '.join(sorted(COUNTED_ROLES))}",
        )
    for number, address in enumerate(app.required or ()):
        role = roles.get(address)
        if role is None and not app.discover:
            yield Problem(
                (*at, "required", number),
                "is no contract of this app: add it as [[app.contract]] or leave it out",
            )
        elif role is not None and role not in COUNTED_ROLES:
            yield Problem(
                (*at, "required", number),
                f'is listed with the role "{role}", which does not count: '
                f"give it the role {' or '.join(sorted(COUNTED_ROLES))}, or leave it out",
            )


def _shared(at: KeyPath, app: App, claimed: dict[str, str], chain: Chain) -> Iterator[Problem]:
    """Refuse discoveries that find the same contracts: nothing would decide between their claims."""
    for number, found in enumerate(app.discover):
        discovery = kinds.discovery(found.kind).build(found.settings, AppId(app.id), chain_of(chain))
        here = f"app[{at[1]}].discover[{number}]"
        for what, claim in (
            ("the same", discovery.source),
            *((f"what {account} creates", account) for account in sorted(discovery.wants().creators)),
        ):
            first = claimed.setdefault(claim, here)
            if first != here:
                yield Problem((*at, "discover", number), f"finds {what}, as {first} does: write it once")
                break


def is_open_rule(app: App) -> bool:
    """Tell whether a table is the rule for everybody's apps, and no app itself."""
    return any(found.kind == "open" for found in app.discover)


def _open(at: KeyPath, app: App, program: ProgramFile) -> Iterator[Problem]:
    """Refuse what makes no sense together with apps that nobody lists."""
    if not is_open_rule(app):
        return
    for key, given in (
        ("contract", app.contract),
        ("required", app.required),
        ("discover", app.discover[1:]),
    ):
        if given:
            yield Problem(
                (*at, key),
                'does not go together with kind = "open", which stands for many apps and not for one: '
                "write it in an [[app]] of its own",
            )
    bars = program.liveness
    if (bars.min_actions, bars.min_actors, bars.min_active_days) == (None, None, None):
        yield Problem(
            ("liveness",),
            'asks for no activity, and so with kind = "open" whatever was ever created would be live: '
            "add min_actions, min_actors or min_active_days",
        )
    for place, gap in enumerate(program.chain.gap):
        yield Problem(
            ("chain", "gap", place),
            f'hides what was created in it, and so with kind = "open" nobody knows how many apps there are: '
            f"begin to count behind it, count_from = {gap.last + 1}",
        )

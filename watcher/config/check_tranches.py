"""Checks of tranches: what they wait for, and that they add up to the share of the supply exactly."""

from collections.abc import Iterator
from fractions import Fraction

from watcher.config.problems import Problem, did_you_mean
from watcher.config.program_file import ProgramFile, Token
from watcher.core.ledger import decimal_text
from watcher.core.tranches import Allocation

_HUNDRED = 100


def allocation(token: Token) -> Allocation:
    """Give the share of the supply that unlocks by KPI, in whole tokens."""
    share = token.total_supply * (token.kpi_share or Fraction(0)) / _HUNDRED
    return Allocation(token.symbol, token.decimals, share, token.unassigned)


def tranche_problems(program: ProgramFile) -> Iterator[Problem]:
    """Give everything that is wrong with tranches."""
    token = program.token
    if token is not None and token.unassigned and not program.tranche:
        yield Problem(("token", "unassigned"), "is of no use without a [[tranche]]: leave it out")
    if not program.tranche:
        return
    kpis, milestones = {kpi.id for kpi in program.kpi}, {item.id for item in program.milestone}
    for place, tranche in enumerate(program.tranche):
        for key, known in (("kpi", kpis), ("milestone", milestones)):
            name = getattr(tranche, key)
            if name is not None and name not in known:
                yield Problem(
                    ("tranche", place, key), f"is no {key} of this program: {did_you_mean(name, known)}"
                )
        if token is not None and (tranche.amount * 10**token.decimals).denominator != 1:
            yield Problem(
                ("tranche", place, "amount"),
                f"has more digits than the token's {token.decimals}: write fewer",
            )
    if token is None or token.kpi_share is None:
        yield Problem(("tranche",), "needs [token] with kpi_share: say how much of the supply unlocks by KPI")
        return
    whole = allocation(token)
    given = sum((tranche.amount for tranche in program.tranche), Fraction(0))
    if given > whole.share:
        yield Problem(
            ("tranche",),
            f"adds up to {decimal_text(given)} {token.symbol}, past the {decimal_text(whole.share)} of "
            f"kpi_share: take {decimal_text(given - whole.share)} off, or raise kpi_share",
        )
    elif given + whole.unassigned != whole.share:
        yield Problem(
            ("token", "unassigned"),
            f"does not add up: tranches are {decimal_text(given)} of {decimal_text(whole.share)} "
            f'{token.symbol}, write unassigned = "{decimal_text(whole.share - given)}"',
        )

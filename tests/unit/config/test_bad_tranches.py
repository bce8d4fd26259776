"""Tranches that wait for nothing, or do not add up: the error says which number to write."""

from pathlib import Path

import pytest

from tests.unit.config.givens import PROGRAM, refusal_of, written
from watcher.config.program import load_program

SHARE = '[token]\nsymbol = "MEGA"\ndecimals = 2\ntotal_supply = 1_000\nkpi_share = "50"\n'
TRANCHE = '\n[[tranche]]\nid = "t"\nkpi = "live"\namount = 200\n'

BAD: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is wrong: the token, the tranches, what the error has to say
    "a remainder that is not written": (
        SHARE,
        TRANCHE,
        ("token.unassigned", "200 of 500 MEGA", 'unassigned = "300"'),
    ),
    "a wrong remainder": (SHARE + "unassigned = 299\n", TRANCHE, ("token.unassigned", 'unassigned = "300"')),
    "past the share": (
        SHARE,
        TRANCHE.replace("200", "501"),
        ("tranche", "501 MEGA, past the 500", "take 1 off"),
    ),
    "no token": ("", TRANCHE, ("tranche", "needs [token] with kpi_share")),
    "no share": (
        SHARE.replace('kpi_share = "50"\n', ""),
        TRANCHE,
        ("tranche", "needs [token] with kpi_share"),
    ),
    "an unknown KPI": (
        SHARE,
        TRANCHE.replace('"live"', '"life"'),
        ("tranche[0].kpi", "life", 'did you mean "live"'),
    ),
    "an unknown milestone": (SHARE, TRANCHE.replace("kpi", "milestone"), ("tranche[0].milestone", "live")),
    "both": (SHARE, TRANCHE + 'milestone = "first"\n', ("tranche[0]", "exactly one of kpi, milestone")),
    "too many digits": (SHARE, TRANCHE.replace("200", '"0.001"'), ("tranche[0].amount", "the token's 2")),
    "nothing": (SHARE, TRANCHE.replace("200", "0"), ("tranche[0].amount", "is nothing")),
    "twice": (SHARE, TRANCHE * 2, ("tranche[1].id", "tranche[0]")),
    "an expiry that is no instant": (
        SHARE,
        TRANCHE + 'expiry = "2026"\n',
        ("tranche[0].expiry", "is not an instant"),
    ),
    "an expiry without an offset": (
        SHARE,
        TRANCHE + "expiry = 2026-12-31T00:00:00\n",
        ("tranche[0].expiry", "is not an instant"),
    ),
    "a part without an expiry": (
        SHARE,
        TRANCHE + 'partial = { lower = "1", upper = "2" }\n',
        ("tranche[0].partial", "needs kpi and expiry"),
    ),
    "bounds that do not ascend": (
        SHARE,
        TRANCHE + 'expiry = "2026-12-31T00:00:00Z"\npartial = { lower = "2", upper = "2" }\n',
        ("tranche[0].partial.upper", "is not above lower"),
    ),
    "a minimum above the amount": (
        SHARE,
        TRANCHE + 'expiry = "2026-12-31T00:00:00Z"\npartial = { lower = "1", upper = "2", minimum = 201 }\n',
        ("tranche[0].partial.minimum", "is above the amount"),
    ),
    "a remainder of nothing": (SHARE + "unassigned = 1\n", "", ("token.unassigned", "is of no use without")),
}


def program(token: str, tranches: str) -> str:
    """Give the valid program with another token, and tranches."""
    before, _, rest = PROGRAM.partition("[token]")
    return before + token + rest[rest.index("\n[") :] + tranches


@pytest.mark.parametrize("wrong", BAD)
def test_the_error_names_file_key_value_and_remedy(wrong: str, tmp_path: Path) -> None:
    """Whoever reads the message can mend the file without adding up."""
    token, tranches, said = BAD[wrong]
    message = refusal_of(written(tmp_path, program(token, tranches)))
    assert [part for part in said if part not in message] == [], message


def test_tranches_that_add_up_are_taken(tmp_path: Path) -> None:
    """By id, in whole tokens; an expiry may be a TOML time."""
    text = TRANCHE + 'expiry = 2026-12-31T00:00:00Z\npartial = { lower = "1", upper = "2" }\n'
    definition = load_program(written(tmp_path, program(SHARE + "unassigned = 300\n", text))).definition
    (tranche,) = definition.tranches.values()
    assert tranche.amount == 200
    assert tranche.expiry == 1_798_675_200
    assert tranche.partial is not None
    assert definition.allocation is not None
    assert definition.allocation.share == 500
    assert definition.allocation.unassigned == 300


VESTING = '\n[[vesting]]\nid = "team"\namount = 10\nkind = "linear"\nstart = "2026-01-01T00:00:00Z"\n'


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (VESTING, ("vesting[0].duration", 'kind = "linear" needs it')),
        (2 * (VESTING + 'duration = "30d"\n'), ("vesting", "team")),
        (VESTING.replace("linear", "lineal"), ("vesting[0].kind", "lineal")),
        (
            VESTING.replace("T00:00:00Z", "") + 'duration = "30d"\n',
            ("vesting[0].start", "is not an instant", "offset"),
        ),
    ],
)
def test_a_wrong_schedule_is_refused_with_the_remedy(
    tables: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    """By file, key and value, though nothing is concluded from it."""
    refusal = refusal_of(written(tmp_path, PROGRAM + tables))
    assert all(word in refusal for word in words), refusal


def test_what_time_unlocks_is_no_part_of_the_definition(tmp_path: Path) -> None:
    """No conclusion rests on it, so one ledger serves with and without it."""
    plain = load_program(written(tmp_path, PROGRAM))
    timed = load_program(written(tmp_path, PROGRAM + VESTING + 'duration = "30d"\n'))
    assert timed.canonical == plain.canonical
    assert (set(timed.vesting), set(plain.vesting)) == ({"team"}, set())

"""The reference programme's timeline on a real EVM, in chain time: 88 days from mainnet to the first tranche.

    day  0  2026-02-09  public mainnet; five apps open          day 73  2026-04-23  the tenth app is live
    day 20  …           the others follow, one after another    day 80  2026-04-30  the countdown is over
    day 48  2026-03-29  Avon no longer counts                   day 88  2026-05-08  500 million USDM

What it promises is written down as dates, from what happens on the chain; it knows nothing of the watcher.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

from watcher.core.types import Address
from watcher.testing.contracts import compiled
from watcher.testing.devnet import Devnet

MAINNET = datetime(2026, 2, 9, tzinfo=UTC)
LAST_DAY = 90

OPENS = {
    "cap": 0,
    "kumbaya": 0,
    "showdown": 0,
    "avon": 0,
    "ubitel": 0,
    "wcm": 20,
    "stomp": 30,
    "hitone": 40,
    "nectar": 50,
    "brix": 60,
    "pump-party": 71,
}
"""The day on which each app is used first; on its third day it has had enough use to be live."""

AVON_CLOSES = 20
"""The last day on which Avon is used: 30 days later its window holds too few days."""

NOON, EVENING = time(12, 0, 7), time(20, 0)
THE_TENTH = time(14, 23, 7)
SUPPLY_REACHED = time(2, 1)

_USERS = 4
_FEE, _LARGE_FEE = 10, 60_000
_FEES = {"kumbaya": _LARGE_FEE, "showdown": _LARGE_FEE}
"""What a use costs; two apps alone never make the third trigger, which asks for three."""

_UNIT = 10**18
_USDM_AT_FIRST, _USDM_A_DAY, _USDM_AT_LAST = 40_000_000, 5_000_000, 500_000_000

Entry = tuple[str, str, str]
"""Type, subject and instant of a ledger entry."""


def at(day: int, of_day: time) -> datetime:
    """Give an instant by the number of its day."""
    return datetime.combine(MAINNET + timedelta(days=day), of_day, UTC)


class Timeline:
    """The chain and its apps; `days` lets it grow."""

    def __init__(self) -> None:
        """Deploy everything in block 1, at midnight of day 0."""
        self.devnet = Devnet(int(MAINNET.timestamp()) - 1, accounts=16)
        owner = self.devnet.accounts[0]
        self.apps: dict[str, Address] = {name: self.devnet.deploy(owner, "App") for name in OPENS}
        self.usdm = self.devnet.deploy(owner, "Token")
        self._supply = 0
        self._mine(MAINNET)

    def days(self) -> Iterator[int]:
        """Live through one day after the other; what a day brought is final when it is given."""
        for day in range(LAST_DAY):
            if at(day, SUPPLY_REACHED) == promised_supply():
                self._mint(_USDM_AT_LAST - self._supply)
                self._mine(promised_supply())
            elif self._supply + _USDM_A_DAY < _USDM_AT_LAST:
                self._mint(_USDM_A_DAY if day else _USDM_AT_FIRST)
            self._use(day)
            self._mine(at(day, EVENING))
            self.devnet.finalize(self.devnet.head.number)
            yield day

    def _use(self, day: int) -> None:
        for name, opens in OPENS.items():
            if day < opens or (name == "avon" and day > AVON_CLOSES):
                continue
            if name == "pump-party" and day == opens + 2:
                self._mine(at(day, NOON))
            call = compiled("App").call("use", _FEES.get(name, _FEE) * _UNIT // _USERS)
            for user in self.devnet.accounts[1 : 1 + _USERS]:
                self.devnet.transact(user, self.apps[name], call)
        self._mine(at(day, THE_TENTH if day == OPENS["pump-party"] + 2 else NOON))

    def _mint(self, amount: int) -> None:
        self._supply += amount
        owner = self.devnet.accounts[0]
        self.devnet.transact(owner, self.usdm, compiled("Token").call("mint", owner.address, amount * _UNIT))

    def _mine(self, when: datetime) -> None:
        self.devnet.mine(int(when.timestamp()))


def promised_supply() -> datetime:
    """Give the instant at which the supply comes to its bar."""
    return at(88, SUPPLY_REACHED)


def promised() -> Sequence[Entry]:
    """Give the whole ledger as it has to be, entry by entry."""
    tenth, over = at(73, THE_TENTH), at(80, THE_TENTH)
    story: list[tuple[str, str, datetime]] = [("definition.adopted", "megaeth-story", MAINNET)]
    story += [("app.went_live", name, at(2, NOON)) for name in sorted(OPENS) if OPENS[name] == 0]
    story += [
        ("app.went_live", "wcm", at(22, NOON)),
        ("app.went_live", "stomp", at(32, NOON)),
        ("app.went_live", "hitone", at(42, NOON)),
        ("app.went_dormant", "avon", at(48, EVENING)),
        ("app.went_live", "nectar", at(52, NOON)),
        ("app.went_live", "brix", at(62, NOON)),
        ("app.went_live", "pump-party", tenth),
        ("kpi.met", "ten-live-apps", tenth),
        ("milestone.reached", "first-kpi", tenth),
        ("countdown.started", "tge", tenth),
        ("countdown.elapsed", "tge", over),
        ("kpi.met", "usdm-500m", promised_supply()),
        ("tranche.unlocked", "usdm-500m", promised_supply()),
    ]
    return [(kind, subject, when.strftime("%Y-%m-%dT%H:%M:%SZ")) for kind, subject, when in story]


PROGRAM = """
schema = 1
id = "megaeth-story"

[provenance]
authority = "observer"
source = "https://megaeth.com/token"

[chain]
id = 31337
name = "devnet"
family = "ethereum"
finality = {{ tag = "finalized" }}
count_from = 1

[token]
symbol = "MEGA"
decimals = 18
total_supply = 10_000_000_000
kpi_share = "53.3"
unassigned = 5_280_000_000

[liveness]
unit = "transaction"
reach = "direct"
window = {{ days = 30, kind = "rolling" }}
min_actions = 12
min_actors = 4
min_active_days = 3
{apps}
[[kpi]]
id = "ten-live-apps"
metric = {{ kind = "live_apps" }}
at_least = 10

[[kpi]]
id = "usdm-mean"
metric = {{ kind = "token_supply", token = "{usdm}", decimals = 18 }}
aggregate = {{ kind = "time_weighted_mean", window = {{ days = 30, kind = "rolling" }} }}
more_than = 500_000_000

[[kpi]]
id = "fee-apps"
at_least = 3
[kpi.metric]
kind = "apps_where"
aggregate = {{ kind = "consecutive_days", days = 30 }}
more_than = 50_000
[kpi.metric.metric]
kind = "app_fees"
basis = "user_paid"
event = "Used(address indexed user, uint256 value)"
argument = "value"
token = "{usdm}"
decimals = 18

[[kpi]]
id = "usdm-500m"
metric = {{ kind = "token_supply", token = "{usdm}", decimals = 18 }}
at_least = 500_000_000

[[milestone]]
id = "first-kpi"
any_of = ["ten-live-apps", "usdm-mean", "fee-apps"]

[[countdown]]
id = "tge"
after = "first-kpi"
duration = "7d"
marks = ["3d", "1d", "1h"]

[[tranche]]
id = "usdm-500m"
kpi = "usdm-500m"
amount = 50_000_000
"""

APP = """
[[app]]
id = "{name}"
contract = [{{ address = "{address}" }}]
"""


def program(story: Timeline) -> str:
    """Write the program file of the story: three triggers, the countdown, one tranche."""
    apps = "".join(APP.format(name=name, address=address) for name, address in story.apps.items())
    return PROGRAM.format(apps=apps, usdm=story.usdm)

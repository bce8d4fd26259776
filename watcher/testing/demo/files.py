"""The demo's files, written as anyone would write them and read by the same loaders as any others.

addresses of the local chain, URLs ─▶ program.toml, watcher.toml, replay.toml, webhook.secret
"""

import base64
import secrets
from pathlib import Path
from typing import assert_never

from watcher.testing.demo.apps import Apps
from watcher.testing.demo.cast import CAST, Candidate, FoundBy

PROGRAM, DEPLOYMENT, REPLAY, SECRET = "program.toml", "watcher.toml", "replay.toml", "webhook.secret"
KPI, MILESTONE, COUNTDOWN = "ten-live-apps", "first-kpi", "tge"
PROGRAM_ID = "demo"

_PROGRAM = """\
# What the demo measures. The addresses are those of its local chain: the same in every run.
schema = 1
id = "{id}"
title = "Ten live apps start a countdown"

[provenance]
authority = "observer"
source = "https://example.org/token-terms"
quotes = {{ {kpi} = "10 apps live on mainnet" }}

[chain]
id = 31337
name = "the demo's local chain"
family = "ethereum"
finality = {{ tag = "finalized" }}
count_from = 1

[liveness]
unit = "transaction"
reach = "direct"
window = {{ days = 7, kind = "rolling" }}
min_actions = 12
min_actors = 6
min_active_days = 2
max_actions_per_actor = 5
exclude = [{{ kind = "deployers" }}]
not_paused = true
{apps}
[[kpi]]
id = "{kpi}"
metric = {{ kind = "live_apps" }}
at_least = 10

[[milestone]]
id = "{milestone}"
title = "First performance milestone"
any_of = ["{kpi}"]

[[countdown]]
id = "{countdown}"
after = "{milestone}"
duration = "7d"
marks = ["3d", "1d", "1h"]
on_regression = "continue"
"""

_LISTED = """\
[[app.contract]]
address = "{address}"
role = "{role}"
"""

_REGISTRY = """\
[[app.discover]]
kind = "registry"
address = "{registry}"
app = "{name}"
"""

_DEPLOYER = """\
[[app.discover]]
kind = "deployer"
accounts = ["{account}"]
"""

_FACTORY = """\
[[app.discover]]
kind = "factory_event"
factories = ["{factory.address}"]
event = "{factory.event}"
argument = "{factory.argument}"
"""

_DEPLOYMENT = """\
schema = 1
database = "sqlite:///watcher.db"
operator = "the demo"

[[endpoint]]
id = "local-chain"
url = "{node}"

[[channel]]
id = "receiver"
kind = "webhook"
url = "{receiver}"
secrets = [{{ file = "{secret}" }}]
allow_private_addresses = true
"""

_REPLAY = """\
# Another watcher of the same program: its own database, nobody to tell.
schema = 1
database = "sqlite:///replay.db"

[[endpoint]]
id = "local-chain"
url = "{node}"
"""

_SECRET_BYTES = 32


def new_secret() -> str:
    """Make a key for signing webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def write_files(folder: Path, apps: Apps, *, node: str, receiver: str, secret: str) -> None:
    """Write program, deployments and secret into a folder; nothing else is needed to run a watcher there."""
    program = _PROGRAM.format(
        id=PROGRAM_ID,
        apps="".join(_app(candidate, apps) for candidate in CAST),
        kpi=KPI,
        milestone=MILESTONE,
        countdown=COUNTDOWN,
    )
    deployment = _DEPLOYMENT.format(node=node, receiver=receiver, secret=SECRET)
    (folder / SECRET).touch(mode=0o600)
    for name, text in (
        (PROGRAM, program),
        (DEPLOYMENT, deployment),
        (REPLAY, _REPLAY.format(node=node)),
        (SECRET, secret),
    ):
        (folder / name).write_text(text, encoding="utf-8")


def _app(candidate: Candidate, apps: Apps) -> str:
    return f'\n[[app]]\nid = "{candidate.id}"\n' + _contracts(candidate, apps)


def _contracts(candidate: Candidate, apps: Apps) -> str:
    match candidate.found_by:
        case FoundBy.LISTED:
            core, router = apps.listed
            contracts = ((core, "core"), (router, "router"), (apps.token, "token"))
            return "".join(_LISTED.format(address=address, role=role) for address, role in contracts)
        case FoundBy.REGISTRY:
            return _REGISTRY.format(registry=apps.registry, name=candidate.id)
        case FoundBy.DEPLOYER:
            return _DEPLOYER.format(account=apps.deployer_of(candidate))
        case FoundBy.FACTORY:
            return _FACTORY.format(factory=apps.factories[candidate.id])
        case _:
            assert_never(candidate.found_by)

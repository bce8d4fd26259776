"""What is attested while a seed is lived: in files torn, wrong or late, of what expires or is taken back.

    seed ─▶ draw() ─▶ tables of the program file
    each turn ─▶ Signers.speak() ─▶ files in a folder ─▶ the stage that admits them

All of it is drawn from a stream of its own, so that it changes nothing else of a seed.
"""

import json
from pathlib import Path
from random import Random
from typing import Any

from watcher.core.attestations import Statement
from watcher.signing import PrivateKey, sign

OVER_TIME = "stage-mostly"
"""The KPI that folds what is attested over time."""

APPS = ("plain", "proxy", "late", "leaving", "found")
CLAIM, SUBJECT = "core-loop", "stage"
KEYS = {name: PrivateKey(name.encode().ljust(32, b"-")) for name in ("ann", "bob", "cleo")}
STRANGER = PrivateKey(b"stranger".ljust(32, b"-"))
PUBLIC = {key: key.public for key in (*KEYS.values(), STRANGER)}
"""Their public halves, which take long to find."""

HOUR = 3_600
MOST = 14
"""So many files a seed at most: each process that starts checks all of them."""

_FOLDS = (
    'aggregate = { kind = "time_weighted_mean", window = { days = 1, kind = "rolling" } }',
    'aggregate = { kind = "minimum", window = { days = 1, kind = "rolling" }, require_full_window = false }',
    'aggregate = { kind = "maximum", window = { days = 1, kind = "complete_days" } }',
    'aggregate = { kind = "consecutive_days", days = 1 }',
)


class Signers:
    """Those who attest in one story; `required` of them have to say the same, 0: nobody attests."""

    def __init__(self, random: Random, *, plain: bool) -> None:
        """Draw how many have to agree, and whether apps need their word."""
        self.required = 0 if plain or random.random() < 0.5 else random.choice((1, 1, 2))
        self.about_apps = bool(self.required) and random.random() < 0.6
        self._random = random
        self._said: list[tuple[PrivateKey, Statement]] = []
        self._torn: dict[Path, str] = {}
        self._files = 0

    def tables(self) -> str:
        """Give what the program file gets besides."""
        if not self.required:
            return ""

        def kpi(name: str) -> str:
            bar = self._random.choice(("1", '"1.5"'))
            metric = f'{{ kind = "attested_value", subject = "{SUBJECT}" }}'
            return f'[[kpi]]\nid = "{name}"\nmetric = {metric}\nat_least = {bar}\n'

        keys = "\n".join(f'{name} = "{PUBLIC[key]}"' for name, key in KEYS.items())
        return (
            f"[attestations]\nrequired = {self.required}\n[attestations.signers]\n{keys}\n"
            f"{kpi('stage')}{kpi(OVER_TIME)}{self._random.choice(_FOLDS)}\n"
            '[[milestone]]\nid = "said"\nall_of = ["stage", "two"]\n'
        )

    def begin(self, folder: Path, genesis: int) -> None:
        """Say of most apps beforehand that they work."""
        folder.mkdir()
        for app in APPS if self.about_apps else ():
            if self._random.random() < 0.7:
                for key in list(KEYS.values())[: self.required]:
                    self._write(folder, key, self._statement(key, app, CLAIM, "true", genesis))

    def speak(self, folder: Path, now: int) -> None:
        """Let something come into the folder, or not; `now` is the time of the chain's newest block."""
        for path, text in self._torn.items():
            path.write_text(text, encoding="utf-8")
        self._torn = {}
        random = self._random
        if not self.required or self._files >= MOST or random.random() > 0.3:
            return
        key = random.choice(list(KEYS.values()))
        effective = now + random.choice((-30 * HOUR, -60, 0, HOUR, 30 * HOUR))
        if self._said and random.random() < 0.2:
            key, before = random.choice(self._said)
            back = self._statement(key, before.subject, before.claim, before.value, effective)
            self._write(folder, key, _changed(back, revokes=before.id))
            return
        about = (SUBJECT, "value", random.choice(("0", "1", "2.5")))
        if self.about_apps and random.random() < 0.6:
            about = (random.choice(APPS), CLAIM, random.choice(("true", "true", "false")))
        said = self._statement(key, *about, effective)
        self._write(folder, key, _changed(said, valid_for=random.choice((None, None, 2 * HOUR, 50 * HOUR))))

    def _statement(self, key: PrivateKey, subject: str, claim: str, value: str, effective: int) -> Statement:
        return Statement("simulated", 31_337, PUBLIC[key], subject, claim, value, effective)

    def _write(self, folder: Path, key: PrivateKey, said: Statement) -> None:
        """Write a file: as it should be, signed by another, with a time of admission, or not yet whole."""
        random = self._random
        self._files += 1
        path = folder / f"{self._files:03}.json"
        signer = STRANGER if random.random() < 0.05 else key
        file: dict[str, Any] = {"statement": said.body(), "signature": sign(signer, said.signed())}
        if random.random() < 0.1:
            file["admitted_at"] = said.effective_from + random.choice((0, HOUR))
        text = json.dumps(file)
        if random.random() < 0.1:
            self._torn[path] = text
            text = text[: random.randrange(len(text))]
        elif signer is key:
            self._said.append((key, said))
        path.write_text(text, encoding="utf-8")


def _changed(said: Statement, **changes: Any) -> Statement:  # noqa: ANN401  # any field
    return Statement(**{**said.body(), **changes})

"""The copy that looks ahead of finality: kept from run to run, it says what a fresh one would."""

from pathlib import Path
from random import Random

import pytest

from tests.stages.world import Watch, busy, definition, fresh_store, open_for_business
from watcher.core.state import State, to_json
from watcher.testing.fake_chain import FakeChain

HOUR = 3_600


def said(watch: Watch) -> tuple[object, ...]:
    """Give everything that a watch's copy holds, counts per actor included."""
    ahead = watch.evaluate._provisional._ahead
    assert isinstance(ahead, State)
    windows = {
        app: (window.counts(), window.days(), sorted(window._active.items()), sorted(window._now.items()))
        for app, window in ahead.windows.items()
    }
    return to_json(ahead), windows


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["rolling", "complete_days"])
def test_a_copy_that_was_kept_says_what_a_fresh_one_would(seed: int, kind: str, tmp_path: Path) -> None:
    """While finality follows it, over hours and days, through reorgs, and when runs were left out."""
    random = Random(seed)
    chain = FakeChain()
    open_for_business(chain)
    program = definition(tmp_path, finality="depth = 6", window=f'days = 1, kind = "{kind}"')
    kept = final = 0
    with fresh_store(tmp_path) as store:
        watch = Watch(program, chain, store)
        for _ in range(40):
            busy(
                chain, random, random.choice((1, 1, 2, 9)), lambda: random.choice((0, 5, HOUR // 2, 5 * HOUR))
            )
            if random.random() < 0.2:
                chain.reorg(random.randint(1, chain.head().number - final))
            before = watch.evaluate._provisional._ahead
            synced = watch.sync()
            final = synced.index.final.number if synced.index.final else 0
            kept += watch.evaluate._provisional._ahead is before
            fresh = Watch(program, chain, store)
            fresh.evaluate.run()
            assert said(watch) == said(fresh)
    assert kept > 5

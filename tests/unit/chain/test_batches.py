"""How many calls go into one request: what was answered, and one trial at a time of more."""

from threading import Event, Thread

from watcher.chain.batches import FIRST_BATCH, MAX_BATCH, BatchSize


def test_what_was_answered_is_no_trial() -> None:
    """Small batches go at once; a larger one is a trial until it was answered."""
    batches = BatchSize()
    assert batches.take(FIRST_BATCH) == (FIRST_BATCH, False)
    assert batches.take(15) == (15, True)
    batches.tried(15, refused=False)
    assert batches.take(15) == (15, False)


def test_a_trial_is_no_more_than_twofold() -> None:
    """So a limit that nobody named is met by one refusal, and not by one for each halving from above."""
    batches = BatchSize()
    tried = []
    while (trial := batches.take(1_000))[1]:
        tried.append(trial[0])
        batches.tried(trial[0], refused=False)
    assert tried == [20, 40, 80, MAX_BATCH]


def test_while_one_tries_the_others_wait_for_what_comes_of_it() -> None:
    """One refusal for everybody: those who waited send what is allowed then."""
    batches = BatchSize()
    assert batches.take(20) == (20, True)
    taken: list[tuple[int, bool]] = []
    started = Event()

    def other() -> None:
        started.set()
        taken.append(batches.take(20))

    thread = Thread(target=other)
    thread.start()
    started.wait(10)
    assert batches.take(5) == (5, False)
    batches.tried(20, refused=True)
    thread.join(10)
    assert taken == [(10, False)]
    assert batches.limit == 10


def test_a_trial_that_failed_for_other_reasons_says_nothing() -> None:
    """A time-out is no word about the size."""
    batches = BatchSize()
    batches.take(20)
    batches.tried(20, refused=None)
    assert batches.limit == MAX_BATCH
    assert batches.take(20) == (20, True)


def test_a_refused_size_comes_back_after_a_long_run() -> None:
    """Never below one call, and never above what many providers take."""
    batches = BatchSize()
    batches.refused(1)
    assert batches.limit == 1
    for _ in range(10_000):
        batches.worked()
    assert batches.limit == MAX_BATCH
    assert batches.take(2) == (2, True)

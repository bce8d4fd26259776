"""Going over to a changed program, put together: the part of the composition root that knows two programs.

changed program file + the database of the old one ─▶ Planned ─▶ what was never read ─▶ the new ledger
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from watcher.bootstrap import Files, chain_source
from watcher.clock import SystemClock
from watcher.core.definition import Definition
from watcher.core.rereading import restricted
from watcher.stages.adopting import Planned, adopt, plan_adoption, read_missing
from watcher.stages.planning import Planner
from watcher.stages.progress import Progress
from watcher.stages.supposing import Asking, Held, Supposed, held_in, suppose
from watcher.store.database import Store


@contextmanager
def adopting(
    files: Files, work: Path, *, progress: Callable[[int, int], None] | None = None
) -> Iterator[tuple[Planned, Callable[[], int]]]:
    """Give what it means to adopt the program file's definition, and what does it; nothing is done before.

    What has to be read for it is kept in the folder `work`, and not read again. WriterBusy while a watcher
    runs on the database.
    """
    clock, definition = SystemClock(), files.definition
    with (
        closing(Store.open(files.deployment.database.get_secret_value(), create=False)) as store,
        store.writer_lock(),
    ):
        planned = plan_adoption(definition, store)

        def act() -> int:
            work.mkdir(parents=True, exist_ok=True)
            name = f"{planned.replaces[:12]}-{definition.hash[:12]}.db"
            with (
                closing(chain_source(files, clock, Event())) as source,
                closing(Store.open(f"sqlite:///{(work / name).absolute()}", create=True)) as beside,
                beside.writer_lock(),
            ):
                read_missing(
                    planned,
                    source,
                    beside,
                    clock,
                    by_logs=Planner(restricted(definition, planned.rereading), source).by_logs,
                    progress=progress or Progress(clock),
                )
                return adopt(planned, store, clock, beside)

        yield planned, act


Suppose = Callable[[Definition], Supposed]
"""Tells which ledger the deployment's database would have under a program."""


@contextmanager
def supposing(
    files: Files, *, offline: bool, progress: Callable[[int, int], None] | None = None
) -> Iterator[tuple[Held, Suppose]]:
    """Give what the deployment's database holds, and what tells its ledger under another program.

    The database is only read; with `offline` no endpoint is asked. A watcher may run on it meanwhile.
    """
    clock = SystemClock()
    url = files.deployment.database.get_secret_value()
    with closing(Store.open(url, create=False)) as store, ExitStack() as stack:

        def asking(definition: Definition) -> Asking:
            source = stack.enter_context(closing(chain_source(files, clock, Event())))
            return Asking(source, Planner(definition, source).by_logs, progress or Progress(clock))

        def supposed(definition: Definition) -> Supposed:
            folder = stack.enter_context(TemporaryDirectory())
            scratch, beside = (
                stack.enter_context(closing(Store.open(f"sqlite:///{folder}/{name}.db", create=True)))
                for name in ("scratch", "beside")
            )
            asked = None if offline else asking(definition)
            return suppose(definition, store, scratch=scratch, beside=beside, clock=clock, asking=asked)

        yield held_in(store), supposed

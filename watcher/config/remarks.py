"""Remarks: what is valid in a program and yet worth knowing beforehand; `watcher check` shows it."""

from collections.abc import Iterator

from watcher.core.definition import Definition, OnRegression


def remarks(definition: Definition) -> list[str]:
    """List what a reader of a program may miss, each as one sentence or two; empty where there is nothing."""
    return [
        *_unknown_apps(definition),
        *_cheap_liveness(definition),
        *_vetoes(definition),
        *_idle(definition),
    ]


def _unknown_apps(definition: Definition) -> Iterator[str]:
    unknown = [app.id for app in definition.apps.values() if not app.discoveries]
    if unknown:
        yield (
            f"{len(unknown)} of {len(definition.apps)} apps name no contract and no way to find one: "
            f"{', '.join(unknown)}. They are UNKNOWN, and so is every bar that needs them."
        )


def _cheap_liveness(definition: Definition) -> Iterator[str]:
    policy = definition.liveness
    bars = policy.bars
    if bars.min_actions is None and bars.min_actors is None and bars.min_active_days is None:
        yield "The liveness policy asks for no activity: an app is live as soon as its code can run."
    elif bars.min_actors is None and policy.max_actions_per_actor is None:
        yield (
            "The liveness policy sets neither min_actors nor max_actions_per_actor: "
            "a single sender can make an app live."
        )


def _vetoes(definition: Definition) -> Iterator[str]:
    for countdown in definition.countdowns.values():
        if countdown.on_regression is not OnRegression.CONTINUE:
            yield (
                f'Countdown {countdown.id} has on_regression = "{countdown.on_regression}": '
                "whoever can un-live an app can stop it, which is a veto."
            )


def _idle(definition: Definition) -> Iterator[str]:
    if not definition.milestones:
        yield "The program has no milestone: KPIs are recorded, and nothing follows from them."

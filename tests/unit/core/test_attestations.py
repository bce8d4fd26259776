"""From when to when an attestation acts, and whose word holds: against a recount by the instant."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.givens import address, at, definition, facts, fold, joins, policy, told
from watcher.core.attestations import Attestation, Statement, claims_at
from watcher.core.definition import AttestationPolicy, Bars
from watcher.core.state import State

SIGNERS = ("ann", "bob", "eve")
ABOUT = ("alpha", "core-loop")

instants = st.integers(0, 12)
statements = st.builds(
    Statement,
    program_id=st.just("world"),
    chain_id=st.just(1),
    by=st.sampled_from(SIGNERS),
    subject=st.just(ABOUT[0]),
    claim=st.just(ABOUT[1]),
    value=st.sampled_from(("true", "false")),
    effective_from=instants,
    valid_for=st.none() | st.integers(1, 6),
)
given_ones = st.lists(
    st.builds(Attestation, statement=statements, signature=st.just(""), admitted_at=instants),
    max_size=8,
    unique_by=lambda each: each.statement.id,
)
policies = st.builds(
    AttestationPolicy, signers=st.just(frozenset(SIGNERS)), required=st.integers(1, len(SIGNERS))
)


def said(**changes: object) -> Statement:
    """Say that alpha's core loop works, from instant 5 on."""
    fields = {
        "program_id": "world",
        "chain_id": 1,
        "by": "ann",
        "subject": ABOUT[0],
        "claim": ABOUT[1],
        "value": "true",
        "effective_from": 5,
    }
    return Statement(**{**fields, **changes})  # type: ignore[arg-type]  # any field


def held(at: int, *admitted: Attestation, required: int = 1) -> str | None:
    """Give what holds of alpha's core loop."""
    policy = AttestationPolicy(frozenset(SIGNERS), required)
    return claims_at(policy, admitted, at).get(ABOUT)


@given(instants, instants, st.none() | st.integers(1, 12), instants)
def test_one_acts_exactly_from_the_later_instant_up_to_its_expiry(
    effective: int, admitted: int, valid_for: int | None, now: int
) -> None:
    """Never backdated; the instant of its expiry does not belong to it any more."""
    one = Attestation(said(effective_from=effective, valid_for=valid_for), "", admitted)
    acts = now >= effective and now >= admitted and (valid_for is None or now < effective + valid_for)
    assert held(now, one) == ("true" if acts else None)


@given(policies, given_ones, instants)
def test_the_last_word_of_enough_signers_holds(
    policy: AttestationPolicy, admitted: list[Attestation], now: int
) -> None:
    """Each signer's last one that acts and lasts; a tie of two values leaves it open."""
    words = {}
    for signer in SIGNERS:
        own = [
            each
            for each in admitted
            if each.statement.by == signer
            and max(each.statement.effective_from, each.admitted_at) <= now
            and (
                each.statement.valid_for is None
                or now < each.statement.effective_from + each.statement.valid_for
            )
        ]
        if own:
            words[signer] = max(own, key=lambda each: each.order).statement.value
    counts = {value: list(words.values()).count(value) for value in ("true", "false")}
    enough = [value for value, number in counts.items() if number >= policy.required]
    expected = {ABOUT: enough[0]} if len(enough) == 1 else {}
    assert claims_at(policy, admitted, now) == expected


@given(policies, given_ones, instants, st.randoms(use_true_random=False))
def test_the_order_in_which_files_came_is_of_no_account(
    policy: AttestationPolicy, admitted: list[Attestation], now: int, chance: object
) -> None:
    """Their times and contents are."""
    shuffled = list(admitted)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert claims_at(policy, shuffled, now) == claims_at(policy, admitted, now)


@given(policies, given_ones, instants)
def test_nothing_changes_between_the_instants_that_are_named(
    policy: AttestationPolicy, admitted: list[Attestation], now: int
) -> None:
    """So a watcher that visits those alone misses nothing."""
    named = {at for each in admitted for at in each.instants()}
    if now + 1 not in named:
        assert claims_at(policy, admitted, now) == claims_at(policy, admitted, now + 1)


def test_only_its_signer_takes_a_statement_back() -> None:
    """From when the revocation acts, and for ever; another's revocation does nothing."""
    first = Attestation(said(), "", 0)
    back = Attestation(said(effective_from=8, revokes=first.statement.id, valid_for=1), "", 0)
    other = Attestation(said(by="bob", effective_from=6, revokes=first.statement.id), "", 0)
    assert [held(at, first, back, other) for at in (5, 7, 8, 9, 100)] == ["true", "true", None, None, None]


def test_what_expires_leaves_the_signers_earlier_word() -> None:
    """It was said without an end, and was not taken back."""
    lasting, short = (
        Attestation(said(), "", 0),
        Attestation(said(value="false", effective_from=7, valid_for=2), "", 0),
    )
    assert [held(at, lasting, short) for at in (6, 7, 8, 9)] == ["true", "false", "false", "true"]


def test_statements_are_named_by_their_content() -> None:
    """Whatever differs makes another one."""
    changed = [said(), said(by="bob"), said(valid_for=1), said(link="https://example.org"), said(revokes="x")]
    assert len({each.id for each in changed}) == len(changed)


def test_within_an_hour_an_app_is_judged_by_what_is_said_alone() -> None:
    """At the block at which a word begins to hold, is over, or is taken back, with nothing else there."""
    program = replace(
        definition(liveness=replace(policy(bars=Bars()), attested=("core-loop",))),
        attestations=AttestationPolicy(frozenset(SIGNERS)),
    )
    yes = said(subject="a", effective_from=at(seconds=10))
    no = said(subject="a", value="false", effective_from=at(seconds=20), valid_for=10)
    back = said(revokes=yes.id, effective_from=at(seconds=40))
    last = said(subject="a", value="false", effective_from=at(seconds=50))
    state = State.initial(program)
    state.admitted = tuple(Attestation(each, "", 0) for each in (yes, no, back, last))
    verdicts = []
    contract = joins("a", address(1), listed=True)
    for number in range(1, 7):
        block = facts(number, at(seconds=10 * (number - 1)), announcements=[contract] if number == 1 else [])
        state, concluded = fold(program, [block], state=state)
        verdicts += [(str(each.verdict), number) for each in state.apps.values()]
        verdicts += [(kind, number) for kind, subject, _ in told(concluded) if subject == "a"]
    assert verdicts == [
        ("UNKNOWN", 1),
        ("LIVE", 2),
        ("app.went_live", 2),
        ("NOT_LIVE", 3),
        ("app.went_dormant", 3),
        ("LIVE", 4),
        ("app.went_live", 4),
        ("UNKNOWN", 5),
        ("NOT_LIVE", 6),
        ("app.went_dormant", 6),
    ]

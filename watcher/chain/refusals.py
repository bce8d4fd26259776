"""What a JSON-RPC error means for us. Providers agree on neither codes nor words, so both are looked at.

Sources of the codes and phrases: EIP-1474, geth (rpc/errors.go, eth/), reth, op-stack's proxyd, MegaETH's
list of error codes, and the error tables of ponder, viem and erpc. -32005 and -32602 are used for rate
limits, ranges and bad parameters alike: there only the words decide.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from watcher.chain.hints import Hint, hint_of


class Refusal(Enum):
    """The classes of refusals that are answered differently."""

    BUSY = auto()
    """Later it may work: rate limits, overload, time-outs, an internal error."""
    TOO_LARGE = auto()
    """Less at once may work: fewer calls in a batch, or a smaller answer."""
    RANGE = auto()
    """Fewer blocks at once may work: the range, or the number of logs in it, is above a limit."""
    ADDRESSES = auto()
    """Fewer addresses or topics at once may work."""
    NOT_THERE = auto()
    """Null where something should be: most often not there yet, as gateways lag behind their own heads."""
    UNSEALED = auto()
    """It is there, without a hash yet: no fault of the endpoint, and over within the time of a block."""
    HISTORY = auto()
    """This endpoint says that it does not have it: pruned, or above its head."""
    NO_METHOD = auto()
    """This endpoint does not know the method."""
    REVERTED = auto()
    """The EVM ran the call and it failed: an answer about the contract, not about the endpoint."""
    MALFORMED = auto()
    """Not an answer to what was asked: missing, doubled, unreadable."""
    BARRED = auto()
    """This endpoint does not serve us: a bad key, a spent quota, a redirect. It is left alone for long."""
    WENT_BACK = auto()
    """Its head fell far below what was seen: it is quarantined. No node says so, we do."""
    FINAL = auto()
    """Asking again changes nothing: bad parameters."""


RATE_LIMIT = "rate limit"
"""The kind of a failure that asks for fewer calls a second."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One call without an answer; `message` is the node's own, not yet redacted.

    `kind` names the fault in logs and counters, where that says more than the refusal does. `hint` is what
    the words of a refused range say would have worked.
    """

    refusal: Refusal
    message: str
    retry_after_seconds: float | None = None
    kind: str = ""
    hint: Hint | None = None

    @property
    def fault(self) -> str:
        """Name the kind of fault."""
        return self.kind or self.refusal.name.lower().replace("_", " ")


_BY_CODE = {
    -1: Refusal.BUSY,
    3: Refusal.REVERTED,
    429: Refusal.BUSY,
    4444: Refusal.HISTORY,
    -32001: Refusal.HISTORY,
    -32002: Refusal.BUSY,
    -32003: Refusal.TOO_LARGE,
    -32004: Refusal.NO_METHOD,
    -32011: Refusal.BUSY,
    -32012: Refusal.BUSY,
    -32015: Refusal.REVERTED,
    -32016: Refusal.BUSY,
    -32019: Refusal.HISTORY,
    -32020: Refusal.TOO_LARGE,
    -32021: Refusal.BUSY,
    -32022: Refusal.BUSY,
    -32601: Refusal.NO_METHOD,
    -32603: Refusal.BUSY,
    -39001: Refusal.HISTORY,
}

# The first that matches decides, before the code: words are more specific. Reverts come first because a
# contract chooses the text of its own revert, and must not be able to pass for a spent quota.
_PHRASES = {
    Refusal.REVERTED: (
        "revert",
        "vm execution error",
        "invalid ?opcode",
        "opcode ?not ?found",
        "invalid ?(jump|fe)",
        "stack ?(underflow|overflow|limit)",
        "out ?of ?gas",
        "gas uint64 overflow",
        "write protection",
        "state ?change ?during ?static",
        "return ?data out ?of",
    ),
    # Before what else their words could mean: "upgrade your plan for more blocks", "try again with fewer".
    Refusal.ADDRESSES: (
        "(address|topic)(es|s)? (or topics )?per search position",
        "less number of address",
        "too many (address|topic)",
        r"(max\w*|exceed\w*|limit\w*) (\w+ ){0,3}address(es)?\b",
    ),
    Refusal.RANGE: (
        "range( is)? too (large|wide|big)",
        "too (large|wide|big) (a )?(block )?range",
        "(max|maximum|allowed) (block )?range",
        "range (limit|threshold)",
        r"range \w* ?(exceeds|is bigger than|greater than)",
        "exceeds the range",
        r"ranges over \d",
        r"limited to an? \d[\d,.]*k? range",
        r"\d[\d,.]*k? blocks? range",
        r"max(imum)? (allowed )?is \d[\d,.]*k? blocks",
        "too many blocks",
        "number of requested blocks",
        "limit the query to",
        "query must be smaller",
        "query exceeds limit",
        "blocks distance",
        "(this block|this|smaller|the) range (should|[0-9])",
        "with this block range",
        r"(reduc|narrow|decreas|small)\w* (\w+ ){0,3}range",
        r"returned more than \S+ (results|logs)",
        "exceeds? max(imum)? results",
        "too many (logs|results)",
        "logs matched by query exceeds",
        "log response size",
        "response size should not",
    ),
    Refusal.BARRED: ("monthly", "daily", "quota", "billing", "payment", "upgrade your plan"),
    Refusal.HISTORY: (
        "missing trie node",
        "header not found",
        "unknown block",
        "block .*not found",
        "pruned",
        "historical (state|rpc)",
        "state .*not available",
        "block ?(is )?out ?of ?range",
        "beyond current head",
    ),
    Refusal.TOO_LARGE: (
        "batch",
        "(response|request|payload).* too (big|large)",
        "too (big|large).* (response|request|payload)",
    ),
    Refusal.BUSY: (
        "rate.?limit",
        "too many requests",
        "over capacity",
        "traffic limit",
        "compute.?units?",
        "retry in",
        "try again",
        "timed? ?out",
        "deadline exceeded",
        "throttl",
        "no backend",
        "service unavailable",
        "temporar",
        "overload",
    ),
    Refusal.NO_METHOD: (
        "method.* not .*(exist|found|support|available|whitelist)",
        "method not ",
        "unsupported method",
    ),
}
_WORDS = {refusal: re.compile("|".join(words), re.IGNORECASE) for refusal, words in _PHRASES.items()}
_RATE_CODES = {429, -32005, -32012, -32016, -32021, -32022}
_RATE_WORDS = re.compile(
    r"rate.?limit|too many requests|traffic limit|compute.?units?|throttl", re.IGNORECASE
)
_RETRY_IN = re.compile(r"(?:retry|try again) (?:in|after) (\d+(?:\.\d+)?) ?(m?s)", re.IGNORECASE)


def failure(code: int, message: str) -> Failure:
    """Judge one JSON-RPC error; `message` should hold the text of its `data` too."""
    if _BY_CODE.get(code) is Refusal.REVERTED:
        return Failure(Refusal.REVERTED, message)
    worded = (refusal for refusal, words in _WORDS.items() if words.search(message))
    refusal = next(worded, _BY_CODE.get(code, Refusal.FINAL))
    limited = refusal is Refusal.BUSY and (code in _RATE_CODES or _RATE_WORDS.search(message))
    kind = RATE_LIMIT if limited else ""
    hint = hint_of(message) if refusal is Refusal.RANGE else None
    return Failure(refusal, message or f"error {code}", retry_after(message), kind, hint)


def retry_after(text: str) -> float | None:
    """Give the seconds of patience that an error's words ask for, None where they name none."""
    asked = _RETRY_IN.search(text)
    if asked is None:
        return None
    return float(asked[1]) / (1_000 if asked[2].lower() == "ms" else 1)

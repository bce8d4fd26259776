"""The first schema."""

from datetime import datetime

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _chain()
    _conclusions()
    _delivery()
    _stages()


def _whole(name: str, *, null: bool = False) -> Column[int]:
    # A key is given by the watcher, unless it is one of `_numbered`.
    return Column(name, BigInteger().with_variant(Integer(), "sqlite"), nullable=null, autoincrement=False)


def _numbered(name: str) -> Column[int]:
    return Column(name, BigInteger().with_variant(Integer(), "sqlite"), nullable=False, autoincrement=True)


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text(), nullable=null)


def _bytes(name: str, *, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary(), nullable=null)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean(), nullable=False)


def _instant(name: str, *, null: bool = False) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), nullable=null)


def _ref() -> list[Column[int] | Column[str]]:
    return [_whole("number"), _text("hash"), _text("parent_hash"), _whole("timestamp")]


def _chain() -> None:
    op.create_table(
        "block",
        *_ref(),
        _flag("keep"),
        _flag("announces"),
        _bytes("payload", null=True),
        PrimaryKeyConstraint("number", name="pk_block"),
    )
    announces = text("announces")
    op.create_index(
        "ix_block_announces", "block", ["number"], sqlite_where=announces, postgresql_where=announces
    )
    op.create_table(
        "actor",
        _whole("id"),
        _text("address"),
        PrimaryKeyConstraint("id", name="pk_actor"),
        UniqueConstraint("address", name="uq_actor_address"),
    )
    op.create_table(
        "sample",
        _text("address"),
        _whole("block_number"),
        _text("kind"),
        _text("code_hash", null=True),
        _flag("runnable"),
        _text("logic"),
        _text("beacon", null=True),
        PrimaryKeyConstraint("address", "block_number", name="pk_sample"),
    )
    op.create_index("ix_sample_block_number", "sample", ["block_number"])
    op.create_table(
        "want",
        _text("key"),
        _text("kind"),
        _text("address", null=True),
        _whole("block_number"),
        _whole("timestamp", null=True),
        _whole("after", null=True),
        _instant("since"),
        _whole("tries"),
        _text("last_error", null=True),
        PrimaryKeyConstraint("key", name="pk_want"),
    )
    op.create_table(
        "chain_position", _text("name"), *_ref(), PrimaryKeyConstraint("name", name="pk_chain_position")
    )


def _conclusions() -> None:
    op.create_table(
        "identity",
        _whole("id"),
        _whole("chain_id"),
        _text("genesis_hash"),
        _text("program_id"),
        _text("definition_hash"),
        _instant("created_at"),
        PrimaryKeyConstraint("id", name="pk_identity"),
    )
    op.create_table(
        "hour",
        _text("app"),
        _whole("hour"),
        _bytes("actors"),
        *(_whole(name) for name in ("actor_count", "actions", "failed", "excluded")),
        _text("gas"),
        _text("fee_wei"),
        _whole("logs"),
        PrimaryKeyConstraint("app", "hour", name="pk_hour"),
    )
    op.create_table(
        "contract_hour",
        _text("address"),
        _whole("hour"),
        _text("app"),
        *(_whole(name) for name in ("actions", "failed")),
        _text("gas"),
        _text("fee_wei"),
        _whole("logs"),
        PrimaryKeyConstraint("address", "hour", "app", name="pk_contract_hour"),
    )
    op.create_index("ix_contract_hour_app", "contract_hour", ["app", "hour"])
    op.create_table(
        "evaluation",
        _whole("slot"),
        *_ref(),
        _bytes("payload"),
        PrimaryKeyConstraint("slot", name="pk_evaluation"),
    )
    op.create_table(
        "observation",
        _text("id"),
        _text("milestone"),
        _whole("block_number"),
        _text("block_hash"),
        _text("status"),
        PrimaryKeyConstraint("id", name="pk_observation"),
    )
    op.create_table(
        "generation",
        _whole("number"),
        _whole("after_block"),
        PrimaryKeyConstraint("number", name="pk_generation"),
    )
    op.create_table(
        "ledger_entry",
        _whole("generation"),
        _whole("sequence"),
        _text("id"),
        _text("type"),
        _text("subject"),
        _whole("block_number"),
        _text("block_hash"),
        _whole("occurred_at"),
        *(_text(name) for name in ("bundle_sha256", "digest", "entry")),
        PrimaryKeyConstraint("generation", "sequence", name="pk_ledger_entry"),
    )
    op.create_index("ix_ledger_entry_subject", "ledger_entry", ["type", "subject"])
    op.create_table(
        "bundle", _text("sha256"), _bytes("body"), PrimaryKeyConstraint("sha256", name="pk_bundle")
    )


def _delivery() -> None:
    op.create_table(
        "event",
        _numbered("sequence"),
        *(_text(name) for name in ("id", "key", "type")),
        _text("countdown", null=True),
        _whole("occurred_at"),
        _instant("created_at"),
        _bytes("body"),
        PrimaryKeyConstraint("sequence", name="pk_event"),
        UniqueConstraint("id", name="uq_event_id"),
        UniqueConstraint("key", name="uq_event_key"),
    )
    op.create_table(
        "delivery",
        _numbered("sequence"),
        _whole("event_sequence"),
        _text("channel"),
        _text("status"),
        _whole("attempts"),
        _whole("quick_failures"),
        _instant("next_attempt_at"),
        _text("last_outcome", null=True),
        ForeignKeyConstraint(["event_sequence"], ["event.sequence"], name="fk_delivery_event_sequence"),
        PrimaryKeyConstraint("sequence", name="pk_delivery"),
    )
    op.create_index("ix_delivery_channel", "delivery", ["channel", "status"])
    op.create_index("ix_delivery_event_sequence", "delivery", ["event_sequence"])
    op.create_table(
        "attempt",
        _numbered("id"),
        _whole("delivery_sequence"),
        _instant("started_at"),
        _instant("finished_at"),
        _text("outcome"),
        _whole("status_code", null=True),
        _text("detail"),
        Column("retry_after_seconds", Float(), nullable=True),
        ForeignKeyConstraint(
            ["delivery_sequence"], ["delivery.sequence"], name="fk_attempt_delivery_sequence"
        ),
        PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_delivery_sequence", "attempt", ["delivery_sequence"])
    op.create_table(
        "channel",
        _text("id"),
        _text("url_digest"),
        _instant("disabled_at", null=True),
        _text("reason", null=True),
        PrimaryKeyConstraint("id", name="pk_channel"),
    )


def _stages() -> None:
    op.create_table(
        "stage_run",
        _numbered("id"),
        _text("stage"),
        _instant("started_at"),
        _instant("finished_at"),
        _flag("ok"),
        _text("error", null=True),
        _text("detail"),
        PrimaryKeyConstraint("id", name="pk_stage_run"),
    )
    op.create_index("ix_stage_run_stage", "stage_run", ["stage", "id"])

"""What a whole programme needs: measured quantities by hour, answers of view functions, attestations."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, PrimaryKeyConstraint, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables."""
    _measured()
    op.create_table(
        "attestation",
        _text("id"),
        _whole("admitted_at"),
        _text("statement"),
        _text("signature"),
        PrimaryKeyConstraint("id", name="pk_attestation"),
    )
    op.create_table(
        "adoption",
        _whole("generation"),
        _text("program_id"),
        _text("definition_hash"),
        _text("program"),
        Column("adopted_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("generation", name="pk_adoption"),
    )


def _whole(name: str) -> Column[int]:
    # Keys are given by the watcher.
    return Column(name, BigInteger().with_variant(Integer(), "sqlite"), nullable=False, autoincrement=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text(), nullable=False)


def _measured() -> None:
    op.create_table(
        "series_hour",
        _text("series"),
        _text("app"),
        _whole("hour"),
        _text("payload"),
        PrimaryKeyConstraint("series", "app", "hour", name="pk_series_hour"),
    )
    op.create_table(
        "call_sample",
        _text("address"),
        _text("data"),
        _whole("block_number"),
        Column("answer", LargeBinary(), nullable=True),
        PrimaryKeyConstraint("address", "data", "block_number", name="pk_call_sample"),
    )
    op.create_index("ix_call_sample_block_number", "call_sample", ["block_number"])

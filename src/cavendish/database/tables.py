"""The tables. Times are seconds since 1970 UTC; money is whole credits.

Invariant: for every account, the sum of its entries equals its balance plus its open reservations.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("balance_credits", BigInteger, nullable=False),
    Column("unlimited", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
    CheckConstraint("unlimited OR balance_credits >= 0", name="never_overdrawn"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("prefix", String(8), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
)

edits = Table(
    "edits",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("key_prefix", String(8), nullable=False),
    Column("model", String(100), nullable=False),
    Column("engine", String(100), nullable=False),
    Column("state", String(16), nullable=False),
    Column("request", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("reserved_credits", BigInteger, nullable=False),
    Column("charged_credits", BigInteger, nullable=False),
    Column("lease_until", Float),
    Column("idempotency_key", String(255)),
    Column("fingerprint", String(64), nullable=False),
    Column("result", Text),
    Column("error", Text),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    Index("one_edit_per_idempotency_key", "account_id", "idempotency_key", unique=True),
    Index("edits_by_lease", "state", "lease_until"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("edit_id", ForeignKey("edits.id")),
    Column("created_at", Float, nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("edit_id", ForeignKey("edits.id")),
    Column("content_type", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("width", BigInteger, nullable=False),
    Column("height", BigInteger, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
)

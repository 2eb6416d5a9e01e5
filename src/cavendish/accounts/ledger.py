"""What moves money: the kinds of entries. Entries are only ever added."""

from __future__ import annotations

from enum import StrEnum


class EntryKind(StrEnum):
    """Why an entry was written."""

    INIT = "INIT"
    """The credits an account starts with."""
    TOPUP = "TOPUP"
    """Credits added later."""
    CHARGE = "CHARGE"
    """Pictures delivered; negative."""
    REFUND = "REFUND"
    """A charge taken back."""
    ADJUST = "ADJUST"
    """A correction by hand."""

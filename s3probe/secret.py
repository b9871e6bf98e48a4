"""Secrets have a type, so that none is printed by accident."""

from __future__ import annotations


class Secret:
    """A value that never shows itself: not in ``str``, ``repr``, JSON or a traceback.

    Only :meth:`reveal` gives the text, and only the signer and the scrubber call it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret's text, for signing a request or for scrubbing an output."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __len__(self) -> int:
        return len(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac

        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        # A pickle or a deep copy of a settings object must not carry the text along.
        return (Secret, ("",))

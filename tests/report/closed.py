"""Makes a schema strict, so that a test sees what it forgets to name."""

from __future__ import annotations


def closed(part: object) -> object:
    """The same schema, open to nothing: what it does not name is refused."""
    if isinstance(part, list):
        return [closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    inner = {name: closed(one) for name, one in part.items()}
    return {**inner, "additionalProperties": False} if isinstance(part.get("properties"), dict) else inner

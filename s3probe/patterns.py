"""Regular expressions that are compiled when they are first used: a run uses few of all that there are."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Later:
    """Becomes a compiled pattern as soon as anything is asked of it."""

    def __init__(self, pattern: Any, flags: int) -> None:
        self._of = pattern, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._of), name)
        self.__dict__[name] = found  # asked once
        return found

    def __repr__(self) -> str:
        return repr(re.compile(*self._of))


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What ``re.compile`` gives, for a constant of a module. Use its methods: ``re.sub(it, …)`` does not take it."""
    return cast("re.Pattern[AnyStr]", _Later(pattern, flags))

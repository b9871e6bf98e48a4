"""Many small cases as one test, which tries them all and names each that fails.

A parametrized case costs about 4 ms in pytest and pytest-xdist before it does anything; most cases take less than that.
"""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

Test = Callable[..., None]


def every(names: str, cases: Iterable[Any], ids: Callable[[Any], str] | None = None) -> Callable[[Test], Test]:
    """As ``pytest.mark.parametrize``, as a single test: it fails once, with each case that failed, where and why.

    A fixture is made once, for all cases.

    Args:
        names: The arguments that a case fills in, with commas between them.
        cases: A value for each; where there are several names, a tuple for each.
        ids: The name of a case, else its values.

    Raises:
        ValueError: There is no case.
    """
    arguments = names.replace(",", " ").split()
    whole = list(cases)
    if not whole:
        raise ValueError(f"no case for {names}")

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def all_of_them(**fixtures: Any) -> None:
            failed = []
            for case in whole:
                values = (case,) if len(arguments) == 1 else case
                try:
                    test(**dict(zip(arguments, values, strict=True)), **fixtures)
                except (Exception, pytest.fail.Exception) as error:
                    failed.append((ids(case) if ids else _named(case), _told(error)))
            if failed:
                first = f"{len(failed)} of {len(whole)} cases failed: {', '.join(name for name, _ in failed)}"
                pytest.fail("\n\n".join([first, *(f"{name}\n{told}" for name, told in failed)]), pytrace=False)

        signature = inspect.signature(test)
        fixtures = [parameter for parameter in signature.parameters.values() if parameter.name not in arguments]
        all_of_them.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]
        return all_of_them

    return decorate


def _named(case: object) -> str:
    return case if isinstance(case, str) and case.isprintable() and case else repr(case)


def _told(error: BaseException) -> str:
    """Where it was raised, and its words: of an assertion those that pytest wrote, with what was expected and seen."""
    if isinstance(error, pytest.fail.Exception) and not error.pytrace:
        return str(error)  # of cases inside this one
    place = traceback.extract_tb(error.__traceback__)[-1]
    kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
    return f"{Path(place.filename).name}:{place.lineno}: {kind}{error}"

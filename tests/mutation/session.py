"""One run of pytest in which each mutant gets a process of its own, forked when all is loaded and collected.

At first every test runs once on the code as it is. It is noted how long it takes and which functions it calls; a mutant
is tried by the tests that call its function, quickest first, until one fails.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests import runs
from tests.mutation.mutants import Mutant, mutants

SURVIVED, KILLED, NOT_CALLED = "survived", "killed", "no test calls it"
SPARE = 5
"""Times as long as the tests take on the code as it is: who takes longer waits for something that never comes."""


class MutationRun:
    """A plugin of pytest that makes this of its run. ``results``: by module, what became of each mutant."""

    def __init__(self, modules: Iterable[str], each_of: int, at_once: int, say: Callable[[str], None]) -> None:
        self._modules, self._each_of, self._at_once, self._say = tuple(modules), each_of, at_once, say
        self.results: dict[str, dict[str, str]] = {}
        self._called: dict[CodeType, list[pytest.Item]] = {}
        self._seconds: dict[pytest.Item, float] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        files = {str(importlib.import_module(name).__file__): name for name in self._modules}
        gc.unfreeze()  # what is frozen cannot be looked through
        for item in session.items:
            self._run_once(item, set(files))
        _forget()
        live = _live_functions(set(files))
        gc.collect()
        gc.freeze()
        for file, module in files.items():
            found = list(mutants(Path(file).read_text(encoding="utf-8"), file))[:: self._each_of]
            self.results[module] = dict(self._tried(found, live, file))
            self._say(told(module, self.results[module]))
        return True

    def _run_once(self, item: pytest.Item, files: set[str]) -> None:
        seen: set[CodeType] = set()

        def note(frame: FrameType, event: str, _arg: Any) -> None:
            if event == "call" and frame.f_code.co_filename in files:
                seen.add(frame.f_code)

        begun = time.monotonic()
        threading.setprofile(note)
        sys.setprofile(note)
        try:
            failed = _fails(item)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        if failed:
            pytest.exit(f"{item.nodeid} fails without any change", returncode=3)
        self._seconds[item] = time.monotonic() - begun
        for code in seen:
            self._called.setdefault(code, []).append(item)

    def _tried(
        self, found: list[Mutant], live: dict[tuple[str, str], list[FunctionType]], file: str
    ) -> Iterator[tuple[str, str]]:
        running: dict[int, Mutant] = {}
        waiting = iter(found)
        left = True
        while left or running:
            while left and len(running) < self._at_once:
                one = next(waiting, None)
                if one is None:
                    left = False
                    break
                functions = live.get((file, one.function), [])
                items = self._items(functions)
                if not items:
                    yield one.name, NOT_CALLED
                    continue
                running[self._fork(one, functions, items)] = one
            if running:
                process, status = os.wait()
                yield running.pop(process).name, SURVIVED if status == 0 else KILLED

    def _items(self, functions: list[FunctionType]) -> list[pytest.Item]:
        """The tests that call any of it, also what is defined inside of it; quickest first."""
        names = {(f.__code__.co_filename, f.__code__.co_qualname) for f in functions}
        found: dict[pytest.Item, None] = {}
        for code, items in self._called.items():
            outer = code.co_qualname.split(".<locals>")[0]
            if (code.co_filename, outer) in names:
                found.update(dict.fromkeys(items))
        return sorted(found, key=lambda item: self._seconds[item])

    def _fork(self, one: Mutant, functions: list[FunctionType], items: list[pytest.Item]) -> int:
        process = os.fork()
        if process:
            return process
        status = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(10 + round(SPARE * sum(self._seconds[item] for item in items)))
            for function in functions:
                function.__code__ = one.code
            status = int(any(_fails(item) for item in items))
        finally:
            os._exit(status)


def told(module: str, results: dict[str, str]) -> str:
    """How it came out, in a line."""
    killed = sum(result == KILLED for result in results.values())
    return f"{module}: {killed} of {len(results)} found by a test"


def _fails(item: pytest.Item) -> bool:
    with _silence():
        # without a next test all fixtures are torn down, so that each begins as if it were the only one
        return any(report.failed for report in runtestprotocol(item, nextitem=None, log=False))


@contextmanager
def _silence() -> Iterator[None]:
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def _forget() -> None:
    """What the tests keep of a run was made by the code as it is."""
    runs._MADE.clear()
    for kept in gc.get_objects():
        if isinstance(kept, _lru_cache_wrapper) and kept.__module__.startswith(("tests.", "s3probe.")):
            kept.cache_clear()


def _live_functions(files: set[str]) -> dict[tuple[str, str], list[FunctionType]]:
    """By file and name: the functions that run that code, wherever they are held."""
    found: dict[tuple[str, str], list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename in files:
            found.setdefault((one.__code__.co_filename, one.__code__.co_qualname), []).append(one)
    return found

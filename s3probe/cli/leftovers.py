"""Names what a run could not remove, also when there is no report to say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from s3probe.cli.console import Console
from s3probe.diagnosis.model import Diagnosis
from s3probe.evidence.observations import Cleanup, Evidence, Run
from s3probe.report.assemble import assemble
from s3probe.report.fix_words import removal_commands
from s3probe.settings.model import Settings


class Leftovers:
    """Collects the ends of clean-ups. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: list[tuple[Settings, Cleanup]] = []

    def of(self, settings: Settings) -> Callable[[Cleanup], None]:
        """What the probe of these settings calls."""

        def cleaned(cleanup: Cleanup) -> None:
            if cleanup.left_behind:
                with self._lock:
                    self._seen.append((settings, cleanup))

        return cleaned

    def commands(self) -> list[str]:
        """The commands that remove the rest."""
        run = Run("", "", 0.0, "")
        reports = [assemble(settings, Evidence(run, cleanup=left), Diagnosis()) for settings, left in self._seen]
        return [command for report in reports for command in removal_commands(report)]

    def names(self) -> list[str]:
        """The rest itself: said where there is no memory to make commands of it."""
        return [name for _settings, left in self._seen for name in left.left_behind]


@contextmanager
def named_on_the_way_out(console: Console) -> Iterator[Leftovers]:
    """Inside, whatever ends the run early, what it left is said on standard error."""
    left = Leftovers()
    try:
        yield left
    except BaseException:
        try:
            commands = left.commands()
            lead = "These commands do it:"
        except MemoryError:
            commands = left.names()
            lead = "These are left in the bucket:"
        if commands:
            console.say(f"Some test objects could not be removed. {lead}")
            for command in commands:
                console.say(f"    {command}")
        raise

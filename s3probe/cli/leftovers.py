"""Names what a run could not remove, also when there is no report to say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from s3probe.cli.console import Console
from s3probe.diagnosis.model import Diagnosis
from s3probe.evidence.observations import Cleanup, Evidence, Run
from s3probe.report.assemble import assemble
from s3probe.report.fix_words import late_removal_commands, late_uploads, removal_commands
from s3probe.settings.model import Settings


class Leftovers:
    """Collects the ends of clean-ups. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: dict[int, tuple[Settings, Cleanup]] = {}

    def of(self, settings: Settings) -> Callable[[Cleanup], None]:
        """What the probe of these settings calls. The last call counts: that clean-up took over what was left."""
        with self._lock:
            number = len(self._seen)
            self._seen[number] = (settings, Cleanup())

        def cleaned(cleanup: Cleanup) -> None:
            with self._lock:
                self._seen[number] = (settings, cleanup)

        return cleaned

    def lines(self) -> list[str]:
        """What is left, and the commands that remove it."""
        run, lines = Run("", "", 0.0, ""), list[str]()
        reports = [
            assemble(settings, Evidence(run, cleanup=left), Diagnosis()) for settings, left in self._seen.values()
        ]
        if commands := [command for report in reports for command in removal_commands(report)]:
            lines += ["Some test objects could not be removed. These commands do it:", *_indented(commands)]
        for report in reports:
            if said := late_uploads(report):
                lines += [f"{said}:", *_indented(late_removal_commands(report))]
        return lines

    def names(self) -> list[str]:
        """The rest itself: said where there is no memory to make commands of it."""
        rest = [
            name + "".join(f" (in {one.bucket} at {one.endpoint})" for one in left.elsewhere if one.name == name)
            for _settings, left in self._seen.values()
            for name in (*left.left_behind, *left.may_arrive)
        ]
        return ["These are left in the bucket, or may still arrive:", *_indented(rest)] if rest else []


def _indented(commands: Iterable[str]) -> Iterator[str]:
    return (f"    {command}" for command in commands)


@contextmanager
def named_on_the_way_out(console: Console) -> Iterator[Leftovers]:
    """Inside, whatever ends the run early, what it left is said on standard error."""
    left = Leftovers()
    try:
        yield left
    except BaseException:
        try:
            lines = left.lines()
        except MemoryError:
            lines = left.names()
        for line in lines:
            console.say(line)
        raise

"""The one interface of all formats, and the table that names them. Each is imported only when it is asked for.

The command line's help needs the table: this module itself loads no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from s3probe.records import dataclass

if TYPE_CHECKING:
    from s3probe.report.model import Report


@dataclass(frozen=True, slots=True)
class Unexamined:
    """An env file that could not be examined at all, and why."""

    source: str
    message: str
    hindered: bool = False
    """What this process lacks is why."""


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where a run's own process lives: what it sees of network, names and clock is seen from there."""

    host: str
    user: str
    container: bool = False
    apart: str = ""
    """What is to be said where Mastodon's processes live elsewhere: a sentence, and the command that runs there."""
    command: str = ""

    def __str__(self) -> str:
        if self.container:
            return f"on {self.host} as {self.user} in a container"
        return f"on {self.host} as {self.user}"


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How to show reports. ``width`` is the terminal's, in columns."""

    color: bool = False
    width: int = 80
    ascii: bool = False
    """The stream cannot show anything else."""
    fail_on_warning: bool = False
    unexamined: tuple[Unexamined, ...] = ()
    verbose: bool = False
    """All actions, all fixes at length, and the settings that were examined."""
    brief: bool = False
    """No more than a message for a chat."""
    place: Standpoint | None = None
    """Where it ran, for those who may know; formats that are made for public threads keep it to themselves."""


class Format(Protocol):
    """Turns reports into the text of one format, its last newline included."""

    def render(self, reports: Sequence[Report], options: RenderOptions) -> str: ...


FORMATS = {
    "text": "s3probe.report.text",
    "json": "s3probe.report.json_format",
    "markdown": "s3probe.report.markdown",
    "html": "s3probe.report.html",
    "junit": "s3probe.report.junit",
    "nagios": "s3probe.report.nagios",
    "prometheus": "s3probe.report.prometheus",
}
"""Name on the command line -> module that has ``render``."""
PLAIN = "s3probe.report.plain"
"""What has it for ``text`` with ``--plain``."""


def format_named(name: str, *, plain: bool = False) -> Format:
    """The format of that name; of text the plain one, where that is wanted. Raises KeyError for an unknown name."""
    module: Format = import_module(PLAIN if plain and name == "text" else FORMATS[name])
    return module


def exit_status(reports: Sequence[Report], options: RenderOptions) -> int:
    """0 healthy, 1 warnings that count, 2 a failure, 3 could not tell (for want of room as well), 64 an env file that
    could not be read, 70 a rule that failed.

    The worst of several files counts: what is known to be broken comes before what is not known.
    """
    from s3probe.report.model import Verdict

    verdicts = {report.verdict for report in reports}
    if Verdict.FAILURE in verdicts:
        return 2
    if any(report.rule_errors for report in reports):
        return 70
    if any(not missed.hindered for missed in options.unexamined):
        return 64
    if options.unexamined or Verdict.UNKNOWN in verdicts:
        return 3
    return 1 if options.fail_on_warning and Verdict.WARNING in verdicts else 0


def needs_attention(report: Report) -> bool:
    """Whether there is something to act on: more than notices, or something left behind."""
    from s3probe.report.model import Verdict

    cleanup = report.evidence.cleanup
    return report.verdict is not Verdict.OK or bool(cleanup.left_behind or cleanup.may_arrive)

"""What a command that examines one file asks with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3probe.cli.console import Console
from s3probe.cli.leftovers import Leftovers
from s3probe.cli.notes import FileNotes
from s3probe.records import replace

if TYPE_CHECKING:
    from s3probe.probe.tools import Tools
    from s3probe.settings.model import Settings


def tools_for(settings: Settings, console: Console, left: Leftovers) -> Tools:
    """The network and the clock, with the console to tell of what goes on and ``left`` of what could not be removed."""
    from s3probe.probe.tools import default_tools

    return replace(
        default_tools(settings, progress=console.progress),
        cleaned=left.of(settings),
        notes=FileNotes(None, console.say),
        signing=console.learn_pair,
        removing=console.removing,
    )

"""The verdicts of another tree's code, an earlier release in its own checkout, on the worlds of today.

Its command line runs in a process of its own. What it asks goes over the wire to a sandbox here; where a name leads is
asked through the pipe. A recorded server counts as that release had recorded it, judged by its own rules.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from s3probe.sandbox.sandbox import Sandbox
from tests.verdicts.corpus import RECORDINGS, WORLDS, Said, recording

INSIDE = Path(__file__).with_name("inside.py")
NEEDS = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}


def verdicts(tree: Path) -> Iterator[tuple[str, Said]]:
    """Each case that the tree can judge, with what it says."""
    with tempfile.TemporaryDirectory() as folder:
        there = Elsewhere(tree, Path(folder))
        try:
            for case in RECORDINGS:
                saved = tree / "fixtures" / "recorded" / f"{recording(case)}.json"
                if saved.exists():
                    yield case, there.verdict("replay", "--again", str(saved))
            for case, scenario in WORLDS.items():
                made = scenario()
                (there.folder / ".env.production").write_text(made.env_text)
                with Sandbox(made.world) as box:
                    yield case, there.verdict("check", box=box)
        finally:
            there.close()


class Elsewhere:
    """The command line of another tree, in a folder that only it uses."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.folder = folder
        (folder / ".env.production").touch(mode=0o600)
        self._output = folder / "report.json"
        environment = NEEDS | {"PYTHONPATH": str(tree), "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
        self._process = subprocess.Popen(
            [sys.executable, str(INSIDE)],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """Ends its process."""
        self._to.close()
        self._process.wait(timeout=30)
        self._from.close()

    def verdict(self, *arguments: str, box: Sandbox | None = None) -> Said:
        """What a command says that writes a report."""
        status = self.run(*arguments, "--format", "json", "--output", str(self._output), box=box)
        report: dict[str, Any] = json.loads(self._output.read_text())
        return Said(status, tuple(f"{one['id']}:{one['severity']}" for one in report["findings"]))

    def run(self, *arguments: str, box: Sandbox | None = None) -> int:
        """One command: its exit status. Its names lead to ``box``."""
        self._say({"arguments": arguments, "ca_file": box.ca_file if box else None})
        while "status" not in (asked := json.loads(self._from.readline())):
            try:
                assert box is not None, asked
                self._say({"leads_to": box.resolve(asked["host"], asked["port"])})
            except socket.gaierror as error:
                self._say({"fails": error.args})
        return int(asked["status"])

    def _say(self, what: dict[str, Any]) -> None:
        self._to.write(json.dumps(what) + "\n")
        self._to.flush()

    @property
    def _to(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _from(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

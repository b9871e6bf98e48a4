"""What is made whenever a wheel is built: completion for bash, zsh and fish and a man page, from the parser; and the
tables of ``s3probe/knowledge`` as JSON, which is read in a tenth of the time that TOML takes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

import shtab
from argparse_manpage.manpage import Manpage
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.core import CoreMetadata

SCRIPTS = {
    "bash": "share/bash-completion/completions/s3probe",
    "zsh": "share/zsh/site-functions/_s3probe",
    "fish": "share/fish/vendor_completions.d/s3probe.fish",
}
"""Where each shell looks for them, below the prefix of the installation."""
MAN_PAGE = "share/man/man1/s3probe.1"
KNOWLEDGE = "s3probe/knowledge"
WIDE = "1000"
"""Columns: whoever reads the page has a width of their own."""


class MadeHook(BuildHookInterface):  # type: ignore[type-arg]  # of its configuration nothing is used
    """Adds the files to the wheel. They are in a folder of their own for as long as the build takes."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sys.path.insert(0, self.root)
        os.environ["COLUMNS"] = WIDE
        # not before: what is imported is the tree that is built
        from s3probe.cli.parser import build

        self.folder = TemporaryDirectory()
        parser = build()
        texts = {path: _completion(parser, shell) for shell, path in SCRIPTS.items()}
        # after these: it leaves out of the parser what would stand there twice
        texts[MAN_PAGE] = _man_page(parser, self.metadata.version, self.metadata.core)
        for path, text in texts.items():
            build_data["shared_data"][self._written(path, text)] = path
        if version == "editable":
            return  # what is edited is read as it stands
        for source in sorted(Path(self.root, KNOWLEDGE).rglob("*.toml")):
            path = str(source.relative_to(self.root).with_suffix(".json"))
            table = tomllib.loads(source.read_text(encoding="utf-8"))
            build_data["force_include"][self._written(path, json.dumps(table, separators=(",", ":")))] = path

    def _written(self, path: str, text: str) -> str:
        file = Path(self.folder.name, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return str(file)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        del version, build_data, artifact_path
        self.folder.cleanup()


def _completion(parser: argparse.ArgumentParser, shell: str) -> str:
    from s3probe.cli.parser import DOCUMENTS
    from s3probe.cli.values import known_ids
    from s3probe.knowledge.findings import ids
    from s3probe.sandbox.faults import FAULTS

    words = {"ID": known_ids(), "WORDS": ids(), "FINDING_ID": FAULTS}
    arguments = [(name, action) for name, command in _commands(parser).items() for action in command._actions]
    for command, action in arguments:
        metavar = str(action.metavar)
        if metavar in words:
            action.choices = sorted(words[metavar])
        elif command == "policy" and metavar == "ENV_FILE":
            action.complete = _words_or_files("documents", DOCUMENTS)  # type: ignore[attr-defined]  # shtab's own way
        elif metavar == "FOLDER":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif metavar.endswith("FILE"):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    return shtab.complete(parser, shell)


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return next(action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))


def _words_or_files(name: str, words: tuple[str, ...]) -> dict[str, Any]:
    """For shtab: these words, and files beside them."""
    function, listed = f"_s3probe_{name}", " ".join(words)
    return {
        **{"bash": function, "zsh": function, "fish": f"({function})"},
        "preamble": {
            "bash": f'{function}() {{\n  compgen -W "{listed}" -- "$1"\n  compgen -f -- "$1"\n}}',
            "zsh": f"{function}() {{\n  compadd {listed}\n  _files\n}}",
            "fish": f"function {function}\n  printf '%s\\n' {listed}\n  __fish_complete_path (commandline -ct)\nend",
        },
    }


def _man_page(parser: argparse.ArgumentParser, version: str, project: CoreMetadata) -> str:
    from s3probe.cli import pages
    from s3probe.cli.defaults import variables
    from s3probe.cli.parser import options

    parser.epilog = None  # its tables would become one paragraph
    for command in _commands(parser).values():
        command.description = None  # the list of commands says the same
    about = {
        "project_name": project.name,
        "version": version,
        "description": project.description,
        "url": project.urls["Source"],
        "manual_title": "User Commands",
    }
    page = Manpage(parser, _data=about, format="single-commands-section")
    escaped = page.mf.format_text
    examples = "\n".join(dedent(text).rstrip() for text in pages.EXAMPLES.values())
    page.add_section("EXAMPLES", "=", f".nf\n{escaped(examples)}\n.fi")
    meanings: dict[str, list[str]] = {}
    for name in pages.COMMANDS:
        meanings.setdefault(_listed(pages.status_of(name), escaped), []).append(name)
    status = [f".SS {', '.join(names)}\n{listed}" for listed, names in meanings.items()]
    page.add_section("EXIT STATUS", "=", "\n".join(status))
    named = ", ".join(variables(options()["check"]))
    page.add_section("ENVIRONMENT", "=", escaped(" ".join(f"{pages.ENVIRONMENT} They are: {named}.".split())))
    return str(page)


def _listed(status: Mapping[str, str], escaped: Callable[[str], str]) -> str:
    return "\n".join(f".TP\n.B {escaped(number)}\n{escaped(text)}" for number, text in status.items())

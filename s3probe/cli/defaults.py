"""Defaults for the options of ``check``, from the environment: what cron and containers would repeat each time.

One scheme for all of them: ``--fail-on warning`` is ``S3PROBE_FAIL_ON=warning``, ``--quick`` is ``S3PROBE_QUICK=1``.
Mastodon's own environment may be that of the run, so every name begins as none of its variables does.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from s3probe.cli.errors import UsageError

PREFIX = "S3PROBE_"
EXCLUSIVE = (("--quick", "--read-only", "--thorough"), ("--verbose", "--brief"))
"""Options of which one run can have one."""
_NO_RUN = ("--help", "--list-actions", "--plan")
_SHORT = {"q": "--quiet", "v": "--verbose"}
_ON, _OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def variables(options: Iterable[str]) -> dict[str, str]:
    """The options of a command by the variable that sets each."""
    named = {PREFIX + option.removeprefix("--").replace("-", "_").upper(): option for option in options}
    return {name: option for name, option in named.items() if option not in _NO_RUN}


def words(
    parser: ArgumentParser, options: Iterable[str], typed: Sequence[str], environ: Mapping[str, str]
) -> list[str]:
    """What the environment adds to ``typed``, the command line of a command with these options.

    A blank variable is none. An option that was typed wins over its variable, and over those that it excludes: what
    these say is not looked at. Raises :class:`UsageError`, which names the variable.
    """
    given = set(_given(typed))
    settled = given.union(*(group for group in EXCLUSIVE if not given.isdisjoint(group)))
    found = {name: option for name, option in variables(options).items() if option not in settled}
    added = {
        name: word
        for name, option in found.items()
        if (value := environ.get(name))
        for word in _word(parser, name, option, value)
    }
    for group in EXCLUSIVE:
        if len(both := [name for name in added if found[name] in group]) > 1:
            raise UsageError(f"{' and '.join(both)} exclude each other", "Leave out all but one of them.")
    return list(added.values())


def _given(typed: Sequence[str]) -> Iterator[str]:
    """The options that stand there, by their long names."""
    for word in takewhile(lambda word: word != "--", typed):
        if word.startswith("--"):
            yield word.partition("=")[0]
        elif word.startswith("-"):
            yield from (_SHORT[letter] for letter in word if letter in _SHORT)


def _word(parser: ArgumentParser, name: str, option: str, value: str) -> Iterator[str]:
    """The option as somebody would type it, unless the variable switches it off."""
    if not _is_switch(parser, option):
        try:
            parser.parse_args([f"{option}={value}"])
        except UsageError as error:
            said = f"{error.message[:1].lower()}{error.message[1:]}"
            raise UsageError(f"{name} in the environment: {said}", error.advice) from None
        yield f"{option}={value}"
    elif value.lower() in _ON:
        yield option
    elif value.lower() not in _OFF:
        raise UsageError(f"{name} in the environment is {value!r}", "Set it to 1 or to 0, or leave it out.")


def _is_switch(parser: ArgumentParser, option: str) -> bool:
    """Whether the option takes no value."""
    try:
        parser.parse_args([option])
    except UsageError:
        return False
    return True

"""What starts quickly stays so, and the streams of a real process behave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from s3probe.cli import parser
from s3probe.cli.signals import Interrupted, interruption
from s3probe.report import formats
from s3probe.settings import loaders
from tests.cli.support import ENV_TEXT
from tests.exhaustive import part
from tests.report.samples import SECRET

HEAVY = ("boto3", "botocore", "requests", "urllib3", "tabulate", "moto", "ssl")

_LIST_MODULES = """
import sys
from s3probe.cli import main
status = main(sys.argv[1:])
print("MODULES", *sorted(sys.modules))
sys.exit(status)
"""


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    path = tmp_path / ".env.production"
    path.write_text(ENV_TEXT)
    return path


def python(*argv: str, **kwargs: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]  # keyword arguments as they come
        [sys.executable, *argv],
        check=False,
        **{"env": environment, "capture_output": True, "text": True, "timeout": 60} | kwargs,
    )


@pytest.mark.parametrize(
    "argv", part([("--help",), ("check", "--help"), ("lint", ".env.production"), ("policy",), ("explain",)], 2)
)
def test_no_network_library_is_loaded_without_need(env_file: Path, argv: tuple[str, ...]) -> None:
    done = python("-c", _LIST_MODULES, *argv, cwd=env_file.parent)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.rpartition("MODULES ")[2].split())
    assert loaded.isdisjoint(HEAVY)
    assert "s3probe.cli.parser" in loaded


@pytest.mark.parametrize(
    "command", part(["", "check", "lint", "policy", "fix", "explain", "sweep", "report", "replay", "demo", "schema"], 4)
)
def test_every_command_has_a_help_text_with_examples(command: str) -> None:
    done = python("-m", "s3probe", *command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "examples:" in done.stdout
    assert "exit status:" in done.stdout


def test_the_version_is_told() -> None:
    assert python("-m", "s3probe", "--version").stdout.startswith("s3probe 0.")


def test_a_reader_that_goes_away_is_no_error(env_file: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        done = python("-m", "s3probe", "lint", str(env_file), capture_output=False, stdout=gone, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_told(env_file: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = python("-m", "s3probe", "lint", str(env_file), capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 70
    assert "The result cannot be written: No space left on device" in done.stderr


def test_a_closed_standard_output_is_no_bug(env_file: Path) -> None:
    command = f'exec "{sys.executable}" -m s3probe lint "{env_file}" >&-'
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        ["sh", "-c", command],
        check=False,
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_unicode_gets_ascii(env_file: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "ascii"}
    done = python("-m", "s3probe", "lint", str(env_file), env=environment)
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert done.stdout.startswith("+ Nothing is wrong")


def test_an_env_file_on_standard_input() -> None:
    done = python("-m", "s3probe", "lint", "--format", "json", "-", input=ENV_TEXT)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"source": "standard input"' in done.stdout
    assert SECRET not in done.stdout


@pytest.mark.parametrize("argv", [("lint", ".env.production"), ("--help",)])
def test_two_full_streams_are_told_by_the_status(env_file: Path, argv: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = python("-m", "s3probe", *argv, cwd=env_file.parent, capture_output=False, stdout=full, stderr=full)
    assert done.returncode == 70


def test_messages_that_nobody_can_read_change_nothing(env_file: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = python("-m", "s3probe", "lint", "gone.env", str(env_file), capture_output=False, stdout=-1, stderr=full)
    assert done.returncode == 64
    assert "Nothing is wrong" in done.stdout


_AT_IMPORT = """
import os, signal, sys
wanted, _, name = sys.argv.pop(1).partition(" ")
number = signal.Signals[name or "SIGINT"]
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            os.kill(os.getpid(), number)
sys.meta_path.insert(0, Finder())
from s3probe.__main__ import entry_point
entry_point()
"""


@pytest.mark.parametrize("module", ["s3probe.cli", "s3probe.cli.signals", "s3probe.cli.commands.lint"])
def test_an_interrupt_while_the_program_loads_is_quiet(env_file: Path, module: str) -> None:
    """As Ctrl-C in the first moments: 130, and no traceback."""
    done = python("-c", _AT_IMPORT, module, "lint", str(env_file))
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr in ("", "Interrupted by SIGINT.\n")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR2"])
def test_any_other_signal_while_the_program_loads_has_its_status(env_file: Path, name: str) -> None:
    done = python("-c", _AT_IMPORT, f"s3probe.cli {name}", "lint", str(env_file))
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.Signals[name], "", "")


def test_an_interrupt_that_nobody_wants_is_ignored(env_file: Path) -> None:
    """A shell's background job is started with SIGINT ignored."""
    command = f"trap '' INT; exec '{sys.executable}' -c \"$0\" s3probe.cli lint '{env_file}'"
    done = subprocess.run(
        ["sh", "-c", command, _AT_IMPORT],
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_signal_that_a_class_being_made_wraps_is_one() -> None:
    """Before Python 3.12 ``__set_name__`` wraps whatever is raised in it."""

    class Wrapping:
        def __set_name__(self, _owner: type, _name: str) -> None:
            raise Interrupted(signal.SIGTERM)

    with pytest.raises((RuntimeError, Interrupted)) as caught:
        type("Whole", (), {"part": Wrapping()})
    found = interruption(caught.value)
    assert found is not None
    assert found.status == 143
    assert interruption(RuntimeError("another")) is None


def test_the_parser_knows_every_format_and_loader_by_name() -> None:
    assert tuple(formats.FORMATS) == parser.FORMATS
    assert (loaders.DOTENV, *loaders.LOADERS) == parser.LOADERS


@pytest.mark.parametrize("words", [["--help"], ["-V"], ["help", "check"], ["check", "x.env", "--help"]])
def test_a_page_of_help_loads_nothing_of_a_run(words: list[str]) -> None:
    code = """
import os, sys
def end(status, leave=os._exit):
    heavy = {"dataclasses", "s3probe.scrub", "s3probe.settings", "tomllib", "pathlib"}
    print(status, sorted(heavy & sys.modules.keys()), file=sys.stderr, flush=True)
    leave(status)
os._exit = end
sys.argv = ["s3probe", *sys.argv[1:]]
from s3probe.__main__ import entry_point
entry_point()
"""
    ran = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert ran.stderr == "0 []\n"
    assert "s3probe" in ran.stdout

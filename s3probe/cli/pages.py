"""What help and the man page say of each command beside its options: a summary, examples, and what its status means."""

from __future__ import annotations

from collections.abc import Mapping

COMMANDS = {
    "check": "examine media storage as Mastodon and as a visitor (the default)",
    "lint": "judge the env file alone, without any network",
    "policy": "print rights, policies and CORS rule for these settings, as this server takes them",
    "fix": "run check and print the change of the env file that was tried, as a diff",
    "explain": "say what a finding means, or what may be behind a line of a log",
    "sweep": "remove what killed probes left behind, and nothing else",
    "report": "write one file, without secrets, to attach to an issue about a wrong answer",
    "replay": "show what a file of report or of check --save-evidence saw",
    "demo": "examine an embedded S3, healthy or with a fault of your choice",
    "schema": "print the JSON Schema of the JSON report",
}

EXAMPLES = {
    "check": """\
  s3probe check                   .env.production in this folder
  s3probe check --plan            what it would ask and write; asks nothing
  s3probe check --environ         inside a container or a pod
  s3probe check --quick --quiet   for cron: silent while all is well
  s3probe check --quick --state /var/lib/s3probe/state
                                  for cron: speaks only when something changes
  s3probe check --format nagios /srv/masto/.env.production
""",
    "lint": """\
  s3probe lint
  s3probe lint --format junit --output lint.xml a.env b.env
""",
    "policy": """\
  s3probe policy
  s3probe policy bucket > policy.json
  s3probe policy --format json | jq .commands
""",
    "fix": """\
  s3probe fix             show the change that was tried, touch nothing
  s3probe fix --write     make it; the old file is kept beside it
  s3probe fix --choose 2  show the second way to fix the first failure
""",
    "explain": """\
  s3probe explain acl-disabled-bucket-owner-enforced
  s3probe explain --for .env.production iam-missing-deleteobject
  s3probe explain Aws::S3::Errors::AccessDenied
  journalctl -u mastodon-sidekiq -n 50 | s3probe explain -
  s3probe explain --html site   a page for every finding
""",
    "sweep": """\
  s3probe sweep --dry-run
  s3probe sweep
""",
    "report": """\
  s3probe report
  s3probe report --expected "The bucket is public, and pictures do show."
  s3probe report --expected bpa-blocks-public-acl --output blocked.json
  s3probe report --environ --output - > report.json
                           in a container or a pod
""",
    "replay": """\
  s3probe replay run.json
  s3probe replay --format markdown run.json
""",
    "demo": """\
  s3probe demo
  s3probe demo --fault acl-disabled-bucket-owner-enforced
""",
    "schema": """\
  s3probe schema > s3probe.schema.json
""",
}

ENVIRONMENT = """\
  Every option of check but --list-actions has a default here: --fail-on warning
  is S3PROBE_FAIL_ON=warning, --quick is S3PROBE_QUICK=1. What stands on the
  command line wins, and a blank variable is none. Other commands heed none.
"""

_BUG = "a bug in s3probe"
_SIGNAL = {"128 + n": "interrupted by signal n"}
_CLEANED = {"128 + n": "interrupted by signal n, after the clean-up"}
_NO_FILE = "usage error, or the env file cannot be read"

STATUS: Mapping[str, str] = {
    "0": "healthy (warnings allowed unless --fail-on warning)",
    "1": "warnings, with --fail-on warning",
    "2": "a failure was found",
    "3": "could not tell",
    "64": _NO_FILE,
    "70": f"{_BUG}, or the result could not be written",
    **_CLEANED,
}
"""The exit status of a command that gives a verdict."""

_USAGE: Mapping[str, str] = {"0": "done", "64": _NO_FILE, "70": _BUG, **_SIGNAL}
_OWN: Mapping[str, Mapping[str, str]] = {
    "explain": {**_USAGE, "70": f"{_BUG}, or the pages could not be written"},
    "fix": {
        "0": "healthy, or --write fixed all failures",
        "2": "a failure is left: run s3probe check after the change",
        "3": "could not tell",
        "64": "usage error, or the env file may not be read or written",
        "70": f"{_BUG}, or no room for the change",
        **_CLEANED,
    },
    "policy": _USAGE,
    "report": {
        "0": "the file is written, whatever it says of the storage",
        "64": "usage error, an env file that cannot be read, no place to write",
        "70": f"{_BUG} (the file tells of it), or a full disk",
        **_CLEANED,
    },
    "schema": _USAGE,
    "sweep": {
        "0": "nothing is left, or --dry-run",
        "2": "something could not be removed",
        "64": "usage error, or the bucket could not be searched",
        "70": _BUG,
        **_SIGNAL,
    },
}


def status_of(command: str) -> Mapping[str, str]:
    """What each exit status of a command means."""
    return _OWN.get(command, STATUS)


def below(command: str) -> str:
    """What a command's help says below its options."""
    environment = f"environment:\n{ENVIRONMENT}\n" if command == "check" else ""
    return f"examples:\n{EXAMPLES[command]}\n{environment}{_listed(status_of(command))}"


def _listed(status: Mapping[str, str]) -> str:
    width = max(map(len, status))
    return "\n".join(["exit status:", *(f"  {number:<{width}}  {text}" for number, text in status.items()), ""])


def below_all() -> str:
    """What the help of the whole program says below the commands."""
    return f"examples:\n{EXAMPLES['check']}\n{_listed(STATUS)}\nEach command has its own help: s3probe check --help"

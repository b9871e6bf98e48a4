"""Files that a release wrote: evidence, state and JSON reports, which every later one reads."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from s3probe.sandbox.sandbox import Sandbox
from tests.verdicts.corpus import WORLDS
from tests.verdicts.elsewhere import Elsewhere
from tests.verdicts.kept import ROOT

FOLDER = ROOT / "fixtures" / "releases"
KEPT = {
    "healthy": "healthy healthy-policy",
    "wrong-region": "fault region-wrong-aws-regional-endpoint",
    "acl-disabled": "fault acl-disabled-bucket-owner-enforced",
    "delete-denied": "fault iam-missing-deleteobject",
}
"""By the name of the files: nothing wrong, a line that was tried, advice for the bucket, and test objects that stay."""
SEVERAL = {"one.env": "healthy healthy", "other.env": "fault env-s3-enabled-not-true"}
"""Two env files that are examined at once."""


def write(tree: Path, release: str) -> None:
    """Lets the code in ``tree`` write the files of this release."""
    into = FOLDER / release
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        there = Elsewhere(tree, Path(folder))
        try:
            for name, case in KEPT.items():
                scenario = WORLDS[case]()
                (there.folder / ".env.production").write_text(scenario.env_text)
                with Sandbox(scenario.world) as box:
                    there.run("check", *_written(name), "--save-evidence", f"{name}.evidence.json", box=box)
            for name, case in SEVERAL.items():
                (there.folder / name).write_text(WORLDS[case]().env_text)
            with Sandbox(WORLDS[SEVERAL["one.env"]]().world) as box:
                there.run("check", *SEVERAL, *_written("several"), box=box)
        finally:
            there.close()
        for path in sorted(there.folder.glob("*.*.json")):
            shutil.copyfile(path, into / path.name)


def _written(name: str) -> tuple[str, ...]:
    return ("--format", "json", "--output", f"{name}.report.json", "--state", f"{name}.state.json")

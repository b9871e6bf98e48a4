"""The release workflow: what it calls is there, what it may is little, and what it takes from others is pinned."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

import s3probe
from s3probe.sandbox.sandbox import Sandbox
from tests.exhaustive import EXHAUSTIVE
from tests.packaging.conftest import ROOT
from tests.production import local

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CONTAINERFILE = ROOT / ".ci" / "Containerfile"
MAY_WRITE = {
    "release": {"contents", "id-token", "attestations"},
    "index": {"id-token"},
    "image": {"packages", "id-token", "attestations"},
    "pages": {"pages", "id-token"},
}
"""What the jobs of a release may write; all others read."""


def parsed(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


RELEASE = parsed(ROOT / ".github" / "workflows" / "release.yml")
JOBS: dict[str, Any] = RELEASE["jobs"]


def steps() -> Iterator[dict[str, Any]]:
    for path in WORKFLOWS:
        for job in parsed(path)["jobs"].values():
            yield from job.get("steps", ())


def command(job: str, part: str) -> str:
    """The step of that job that holds ``part``."""
    (found,) = (step["run"] for step in JOBS[job]["steps"] if part in step.get("run", ""))
    return str(found)


def test_every_action_is_pinned_by_its_commit_and_names_its_version() -> None:
    lines = [line for path in WORKFLOWS for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    foreign = [line for line in lines if "uses: ./" not in line]
    assert len(foreign) > 10
    for line in foreign:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
    # one version of each everywhere
    named = {found[1]: set[str]() for line in foreign if (found := re.search(r"uses: (\S+)@", line))}
    for line in foreign:
        name, _, version = line.partition("uses: ")[2].partition("@")
        named[name].add(version)
    assert [name for name, versions in named.items() if len(versions) > 1] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_unless_a_job_says_why(path: Path) -> None:
    workflow = parsed(path)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for name, job in workflow["jobs"].items():
        granted = job.get("permissions", {})
        assert set(granted.values()) <= {"read", "write"}
        written = {scope for scope, right in granted.items() if right == "write"}
        assert written == (MAY_WRITE.get(name, set()) if path.stem == "release" else set())


def test_no_password_is_kept_anywhere() -> None:
    for path in WORKFLOWS:
        assert "secrets." not in path.read_text(encoding="utf-8")
    checkouts = [step for step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_no_command_is_made_of_what_others_name() -> None:
    """A branch or a title can hold a command: an expression belongs into the environment."""
    for step in steps():
        assert "${{" not in step.get("run", "")


def test_what_is_called_is_there() -> None:
    runs = "\n".join(step.get("run", "") for step in steps())
    scripts = set(re.findall(r"\.ci/\w+", runs))
    assert scripts == {".ci/run", ".ci/build"}
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)
    offered = re.search(r"^  (\w+(?: \| \w+)*)\) \"\$part\"", (ROOT / ".ci" / "build").read_text("utf-8"), re.MULTILINE)
    assert offered is not None
    assert set(re.findall(r"\.ci/build (\w+)", runs)) == set(offered[1].split(" | "))
    (built,) = (step["with"] for step in steps() if step.get("uses", "").startswith("docker/build-push-action@"))
    assert ROOT / built["file"] == CONTAINERFILE
    assert (built["provenance"], built["sbom"]) == ("mode=max", True)
    assert f"./{(ROOT / '.github' / 'workflows' / 'ci.yml').relative_to(ROOT)}" == JOBS["ci"]["uses"]
    assert "\n  workflow_call:\n" in (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


def test_nothing_is_published_before_all_is_built_and_tested() -> None:
    before: dict[str, set[str]] = {}
    for name, job in JOBS.items():
        needs = job.get("needs", [])
        direct = {needs} if isinstance(needs, str) else set(needs)
        before[name] = direct.union(*(before[one] for one in direct))
    for name in ("release", "index", "image", "site", "pages"):
        assert {"ci", "packages", "executable"} <= before[name]
    assert {one["machine"] for one in JOBS["executable"]["strategy"]["matrix"]["include"]} == {"x86_64", "aarch64"}
    assert "GLIBC=2.28" in command("executable", 'docker run --rm --volume "$PWD:/src"')


def test_the_readme_names_what_a_release_holds() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (zipapp,) = (step for step in JOBS["packages"]["steps"] if step.get("run") == ".ci/build zipapp dist")
    pythons = zipapp["env"]["PYTHONS"].split()
    first, last = (name.removeprefix("python") for name in (pythons[0], pythons[-1]))
    assert f"| Python {first} to {last} alone |" in readme
    (setup,) = (step["with"] for step in JOBS["packages"]["steps"] if "setup-python" in step.get("uses", ""))
    assert {f"python{version}" for version in setup["python-version"].split()} == set(pythons)
    assert "`./s3probe-linux-x86_64` or `-aarch64`: one file of a release, for glibc 2.28" in readme


@pytest.mark.parametrize(("tag", "status"), [(f"v{s3probe.__version__}", 0), ("v9.9.9", 1)])
def test_the_tag_must_be_the_version(tag: str, status: int) -> None:
    done = subprocess.run(
        ["sh", "-c", command("packages", "__version__")],
        check=False,
        cwd=ROOT,
        env=os.environ | {"GITHUB_REF_NAME": tag},
    )
    assert done.returncode == status


def test_the_hashes_fit_and_the_index_gets_packages_alone(tmp_path: Path) -> None:
    wheel, source, other = "s3probe-1-py3-none-any.whl", "s3probe-1.tar.gz", "s3probe.pyz"
    for folder in ("dist", "packages"):
        (tmp_path / folder).mkdir()
        for name in (wheel, source, other):
            (tmp_path / folder / name).write_text(name)
    subprocess.run(["sh", "-ec", command("release", "sha256sum")], check=True, cwd=tmp_path)
    checked = ["sha256sum", "--strict", "--check", "SHA256SUMS"]
    told = subprocess.run(checked, check=True, cwd=tmp_path / "dist", capture_output=True, text=True).stdout
    assert told.splitlines() == [f"{name}: OK" for name in (wheel, source, other)]
    shutil.rmtree(tmp_path / "dist")
    subprocess.run(["sh", "-ec", command("index", "mv ")], check=True, cwd=tmp_path)
    assert {path.name for path in (tmp_path / "dist").iterdir()} == {wheel, source}


def instructions() -> list[tuple[str, str]]:
    lines = CONTAINERFILE.read_text(encoding="utf-8").splitlines()
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines if line and not line.startswith("#")]


def test_the_image_is_made_of_what_is_there(tmp_path: Path) -> None:
    """Its instructions, with other folders for the two that it makes: without a network as far as the wheel."""
    source, target = tmp_path / "src", tmp_path / "s3probe"
    environ = {"AWS_EC2_METADATA_DISABLED": "true"}
    for word, rest in instructions():
        moved = rest.replace("/src", str(source)).replace("/opt/s3probe", str(target))
        if word == "COPY" and "--from" not in rest:
            *names, place = moved.split()
            for name in names:
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    Path(place).mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / name, place)
        elif word == "RUN" and EXHAUSTIVE:
            subprocess.run(["/bin/sh", "-ec", moved], check=True, capture_output=True)
        elif word == "ENV":
            environ["PATH"] = moved.removeprefix("PATH=").replace("$PATH", "/usr/bin:/bin")
    (last,) = (yaml.safe_load(rest) for word, rest in instructions() if word == "CMD")
    assert last == ["s3probe", "check", "--environ"]
    if EXHAUSTIVE:
        with Sandbox(local.scenario().world) as box:
            environ |= dict(line.split("=", 1) for line in local.env_text(box.http_port).splitlines())
            done = subprocess.run(last, check=False, env=environ, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("✔ Media storage works")
        return
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, check=True, cwd=source, capture_output=True)
    assert list(tmp_path.glob("*.whl"))

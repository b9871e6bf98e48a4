"""Records one evidence file per configuration: ``python -m tests.lab.record ceph [CONFIGURATION …] [--into FOLDER]``.

Run from the project's root, with the server's programs on PATH (fixtures/recorded/README.md names the packages).
Prints one line per run: what was found, how long it took, and what a second client still saw in the bucket.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from botocore.exceptions import ClientError

from tests.lab.ceph import Ceph, CephTls
from tests.lab.configurations import BUCKET, Configuration, env_lines, of
from tests.lab.server import LabServer, NotInstalledError
from tests.lab.small import LocalStack, Rclone, S3rver
from tests.lab.swift import Swift, SwiftWithoutAcl
from tests.lab.versity import CONFIGURATIONS, RecordedVersity
from tests.recorded import RECORDED, compacted

SERVERS: Mapping[str, type[LabServer]] = {
    kind.name: kind for kind in (Ceph, CephTls, Swift, SwiftWithoutAcl, Rclone, S3rver, LocalStack, RecordedVersity)
}
ROOT = Path(__file__).parents[2]


def record(server: LabServer, configuration: Configuration, folder: Path, into: Path) -> str:
    """One run of ``s3probe check``; the evidence goes to ``into``. Returns the line to print."""
    wipe(server)
    server.client().create_bucket(Bucket=BUCKET)
    changed = configuration.prepare(server)
    lines = {**env_lines(server), **changed}
    text = "".join(f"{name}={value}\n" for name, value in lines.items() if value is not None)
    (folder / ".env.production").write_text(text)
    if server.tls:
        shutil.copy(server.folder / "ca.pem", folder)
    target = into / f"{server.name}-{configuration.name}.json"
    # the release is given, so that nobody is asked for it; what trials have shown would make the file twice as long
    release = ("--mastodon-version", "4.6.0")
    arguments = ("check", "--no-trials", *release, "--format", "json", "--save-evidence", str(target))
    command = (sys.executable, "-m", "tests.lab.as_if", str(configuration.clock), *arguments)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=90, check=False
        )
        report = json.loads(done.stdout) if done.stdout else {}
        if target.exists():
            target.write_text(compacted(target.read_text()))
    finally:
        configuration.undo(server)
    return _line(configuration, report, done.stderr, leftovers(server))


def _line(configuration: Configuration, report: dict[str, object], trouble: str, left: list[str]) -> str:
    found = [f"{f['id']} ({f['severity']})" for f in report.get("findings", [])]  # type: ignore[attr-defined]
    named = report.get("cleanup", {}).get("left_behind", [])  # type: ignore[attr-defined]
    seconds = report.get("run", {}).get("seconds")  # type: ignore[attr-defined]
    secret = f"; stderr: {trouble.strip()}" if trouble else ""
    stays = f"; LEFT {left}, named {named}" if left or named else ""
    return f"{configuration.name}: {', '.join(found) or 'nothing'}; {seconds} s{stays}{secret}"


def leftovers(server: LabServer) -> list[str]:
    """What a second client finds of s3probe in the bucket: objects, versions and unfinished uploads."""
    client = server.client()
    listing = client.list_objects(Bucket=BUCKET)
    names = [row["Key"] for row in listing.get("Contents", [])]
    with suppress(ClientError):  # s3rver cannot list them
        uploads = client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        names += [f"{row['Key']}?uploadId" for row in uploads]
    if isinstance(server, Ceph):
        versions = client.list_object_versions(Bucket=BUCKET)
        names += [
            f"{row['Key']}?versionId" for row in (*versions.get("Versions", []), *versions.get("DeleteMarkers", []))
        ]
    return [name for name in names if "s3probe/" in name]


def wipe(server: LabServer) -> None:
    """Removes the bucket of the run before."""
    client = server.client()
    if BUCKET not in [row["Name"] for row in client.list_buckets().get("Buckets", [])]:
        return
    if isinstance(server, Ceph):
        server.admin("bucket", "rm", f"--bucket={BUCKET}", "--purge-objects")
        return
    for row in client.list_objects(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=row["Key"])
    client.delete_bucket(Bucket=BUCKET)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.record")
    parser.add_argument("server", choices=SERVERS)
    parser.add_argument("configuration", nargs="*")
    parser.add_argument("--into", type=Path, default=RECORDED)
    args = parser.parse_args()
    args.into.mkdir(parents=True, exist_ok=True)
    try:
        _record_all(args)
    except NotInstalledError as missing:
        parser.exit(2, f"{missing}; fixtures/recorded/README.md names the packages\n")


def _record_all(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder, SERVERS[args.server](Path(folder) / "server") as server:
        for configuration in CONFIGURATIONS if isinstance(server, RecordedVersity) else of(server):
            if not args.configuration or configuration.name in args.configuration:
                run = Path(folder) / "run"
                run.mkdir(exist_ok=True)
                print(record(server, configuration, run, args.into.absolute()), flush=True)


if __name__ == "__main__":
    main()

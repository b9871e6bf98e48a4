"""Asks a real server of the lab and writes what its answers look like.

``python -m tests.wire.record ceph`` writes ``fixtures/wire/ceph.json``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from tests.lab.ceph import Ceph
from tests.lab.server import LabServer
from tests.lab.small import LocalStack, Rclone, S3rver
from tests.lab.swift import Swift
from tests.wire.steps import ORIGIN, AskedServer, Shape, shapes

FOLDER = Path(__file__).parents[2] / "fixtures" / "wire"
SERVERS: dict[str, type[LabServer]] = {kind.name: kind for kind in (Ceph, Swift, Rclone, S3rver, LocalStack)}
BUCKET = "media"


def recorded(server: LabServer) -> dict[str, Shape]:
    """The shapes of a server that runs, from a bucket with a CORS rule."""
    client = server.client()
    client.create_bucket(Bucket=BUCKET)
    rule = {"AllowedOrigins": [ORIGIN], "AllowedMethods": ["GET", "HEAD"], "MaxAgeSeconds": 3000}
    try:
        client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    except client.exceptions.ClientError as error:
        print(f"{server.name}: no CORS rule: {error}")
    key = server.key()
    return shapes(AskedServer(server.endpoint, BUCKET, key.id, key.secret, server.region))


def written(found: dict[str, Shape]) -> str:
    """The file: one answer a line."""
    rows = [f"{json.dumps(name)}: {json.dumps(_data(shape))}" for name, shape in found.items()]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def _data(shape: Shape) -> list[object]:
    return [shape.status, list(shape.headers), shape.root, list(shape.fields)]


def read(path: Path) -> dict[str, Shape]:
    """What :func:`written` wrote."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: Shape(status, tuple(heads), root, tuple(fields)) for name, (status, heads, root, fields) in data.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", choices=SERVERS)
    name = parser.parse_args().server
    with tempfile.TemporaryDirectory() as place, SERVERS[name](Path(place) / name) as server:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{name}.json").write_text(written(recorded(server)), encoding="utf-8")


if __name__ == "__main__":
    main()

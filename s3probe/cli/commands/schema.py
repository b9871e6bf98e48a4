"""``s3probe schema``: what a program may rely on in the JSON report, and in the plan."""

from __future__ import annotations

import json
from argparse import Namespace

from s3probe.cli.console import Console


def run(args: Namespace, console: Console) -> int:
    """Prints the JSON Schema."""
    from s3probe.planning.schema import with_plans
    from s3probe.report.schema import schema

    console.result(json.dumps(with_plans(schema()), indent=2) + "\n", args.output)
    return 0

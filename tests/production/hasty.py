"""``python -m tests.production.hasty`` is s3probe, but its clean-up has :data:`SECONDS` instead of 10.

For tests in which a storage never lets itself be cleaned: they would only wait.
"""

from __future__ import annotations

import runpy
from functools import partial

from s3probe.probe import tools

SECONDS = 2.0

if __name__ == "__main__":
    tools.ProbeOptions = partial(tools.ProbeOptions, cleanup_deadline=SECONDS)  # type: ignore[misc,assignment]
    runpy.run_module("s3probe", run_name="__main__", alter_sys=True)

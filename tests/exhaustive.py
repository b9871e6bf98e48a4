"""The one switch of the tests: ``S3PROBE_EXHAUSTIVE=1`` runs whole products of which a usual run takes a part.

These are all pairs of faults, every step at which something may happen to a run, every wording, and both ways to the
sandbox for every fault. A usual run makes the same assertions on a chosen part of each. ``.ci/run`` sets the switch.
"""

from __future__ import annotations

import os

EXHAUSTIVE = bool(os.environ.get("S3PROBE_EXHAUSTIVE"))

"""The corpus: recorded servers, every fault of the sandbox, and the listed pairs of faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from s3probe.report.formats import RenderOptions, exit_status
from s3probe.report.model import Report
from s3probe.sandbox.faults import ALL
from s3probe.sandbox.scenario import SCENARIOS, Scenario
from tests.runs import fault_name, run
from tests.test_pairs import listed, pair_name
from tests.test_recorded import EXPECTED, judged


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one case: the exit status of ``check``, and ``id:severity`` of each finding in their order."""

    status: int
    findings: tuple[str, ...]


def _worlds() -> dict[str, Callable[[], Scenario]]:
    healthy = {f"healthy {name}": scenario for name, scenario in SCENARIOS.items()}
    faults = {f"fault {fault_name(fault)}": fault.scenario for fault in ALL}

    def both(number: int) -> Callable[[], Scenario]:
        one, other = pairs[number]
        return lambda: other.change(one.change(one.base()))

    pairs = listed()
    worlds = healthy | faults | {f"pair {pair_name(pair)}": both(number) for number, pair in enumerate(pairs)}
    return {case: scenario for case, scenario in worlds.items() if case not in UNSETTLED}


UNSETTLED = {"fault expect-100-continue-stalls (stalls)"}
"""Whether the upload times out or waits a second hangs on a TLS ticket that its connection has read or not, as in Ruby:
failure or warning, whichever connection was free first."""
WORLDS: Mapping[str, Callable[[], Scenario]] = _worlds()
"""What is examined anew, by the name of its case."""
RECORDINGS = tuple(f"recorded {name}" for name in EXPECTED)
"""What was seen once at a real server, and is judged again."""
MEASURED = {"backup-worker-timeout"}
"""Notices of how long something took: on a busy machine they are told of other cases."""
CASES = (*RECORDINGS, *WORLDS)


def recording(case: str) -> str:
    """The name of the recorded file."""
    return case.removeprefix("recorded ")


def of(case: str) -> Said:
    """The verdict of the code that is loaded. A world is examined as ``check`` does it, with trials."""
    return told(run(WORLDS[case](), trials=True).report if case in WORLDS else judged(recording(case)))


def told(report: Report) -> Said:
    """The verdict in a report."""
    findings = tuple(f"{one.id}:{one.severity.value}" for one in report.findings if one.id not in MEASURED)
    return Said(exit_status([report], RenderOptions()), findings)

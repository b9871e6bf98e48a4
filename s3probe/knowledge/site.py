"""Where the pages of all findings lie, as the package's own metadata name it (``[project.urls]``); nothing is asked."""

from __future__ import annotations

from functools import cache
from pathlib import PurePath

from s3probe import __version__

LABEL = "Findings"
"""The name of that address in ``[project.urls]``."""
_LINE = "Project-URL: "


def path_of(finding_id: str) -> str:
    """The page of a finding below that address. It stays as long as the finding's id does, which is for ever."""
    return f"findings/{finding_id}.html"


def page_of(finding_id: str) -> tuple[str, ...]:
    """The address of a finding's page; none where nobody has named the site's."""
    base = address()
    return (f"{base}{path_of(finding_id)}",) if base else ()


def address() -> str:
    """``https://example.org/s3probe/``, with its last slash; ``""`` where none is named."""
    return with_slash(addresses().get(LABEL, ""))


def with_slash(base: str) -> str:
    """An address below which others lie."""
    return base if not base or base.endswith("/") else f"{base}/"


@cache
def addresses() -> dict[str, str]:
    """What ``[project.urls]`` names, by its labels; nothing where nobody has installed s3probe."""
    lines = _metadata().partition("\n\n")[0].splitlines()
    named = (line.removeprefix(_LINE).partition(", ") for line in lines if line.startswith(_LINE))
    return {label: url for label, _, url in named if url.startswith("https://")}


def _metadata() -> str:
    """Beside the package, where a wheel puts it: what s3probe was loaded with can read that, in an archive as well,
    and without the modules that ``importlib.metadata`` takes.
    """
    place = PurePath(__file__).parents[2] / f"s3probe-{__version__}.dist-info" / "METADATA"
    try:
        data: bytes = __loader__.get_data(str(place))  # type: ignore[name-defined]  # every module has one
    except (AttributeError, OSError):
        return _of_the_installation()
    return data.decode("utf-8", "replace")


def _of_the_installation() -> str:
    """An editable installation keeps it elsewhere."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution("s3probe").read_text("METADATA") or ""
    except PackageNotFoundError:
        return ""

"""The text of the tables that lie beside these modules, in a folder, a zip file or an executable alike."""

from __future__ import annotations

from pkgutil import get_data


def text_of(name: str) -> str:
    """The text of the file ``name`` (``findings/deletion.toml``). Raises ``OSError`` where it is missing."""
    data = get_data("s3probe.knowledge", name)  # importlib.resources says the same, and loads 15 modules for it
    assert data is not None, "every loader that Python comes with reads data"
    return data.decode("utf-8")

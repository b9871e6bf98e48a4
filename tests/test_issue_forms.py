"""The forms for issues are such as GitHub takes, and ask for the file of ``s3probe report``.

The rules are those of GitHub's documentation, "Syntax for issue forms" and "Syntax for GitHub's form schema".
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from s3probe import ISSUES
from s3probe.cli.commands.report import FORM
from s3probe.cli.pages import COMMANDS

FOLDER = Path(__file__).parents[1] / ".github" / "ISSUE_TEMPLATE"
FORMS = sorted(path.name for path in FOLDER.glob("*.yml") if path.name != "config.yml")
TOP = {"name", "description", "body", "labels", "title", "assignees", "projects", "type"}
ATTRIBUTES = {
    "markdown": ({"value"}, set()),
    "textarea": ({"label"}, {"description", "placeholder", "value", "render"}),
    "input": ({"label"}, {"description", "placeholder", "value"}),
    "dropdown": ({"label", "options"}, {"description", "multiple", "default"}),
    "checkboxes": ({"label", "options"}, {"description"}),
}
"""By the type of an element: which it must have, and which it may have."""


def form(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_valid(name: str) -> None:
    data = form(name)
    assert {"name", "description", "body"} <= data.keys() <= TOP
    assert all(isinstance(data[key], str) and data[key] for key in ("name", "description"))
    assert len(data["description"]) <= 200
    assert any(element["type"] != "markdown" for element in data["body"])
    asked = [element for element in data["body"] if element["type"] != "markdown"]
    ids, labels = [one["id"] for one in asked], [one["attributes"]["label"] for one in asked]
    assert len(set(ids)) == len(ids)
    assert len(set(labels)) == len(labels)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", one) for one in ids)
    for element in data["body"]:
        assert element.keys() <= {"type", "id", "attributes", "validations"}
        must, may = ATTRIBUTES[element["type"]]
        assert must <= element["attributes"].keys() <= must | may
        assert element.get("validations", {}).keys() <= {"required"}
        for option in element["attributes"].get("options", ()):
            assert {"label"} <= option.keys() <= {"label", "required"}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_asks_for_the_file(name: str) -> None:
    (field,) = [one for one in form(name)["body"] if one.get("id") == "report"]
    assert field["validations"]["required"]
    text = (FOLDER / name).read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:`| {8,})s3probe ([a-z]+)", text))
    assert "report" in commands
    assert commands <= COMMANDS.keys()


def test_the_command_leads_to_its_form() -> None:
    address, _, name = FORM.partition("?template=")
    assert address == f"{ISSUES}/new"
    assert name in FORMS


def test_the_choice_of_forms_is_valid() -> None:
    data = form("config.yml")
    assert data.keys() == {"blank_issues_enabled", "contact_links"}
    for link in data["contact_links"]:
        assert link.keys() == {"name", "url", "about"}
        assert link["url"].startswith(ISSUES.removesuffix("issues"))

"""Reads a command of the AWS command line as that would: the operation, its options, and the shape of their values.

The models are those that the command line itself is made of (botocore's service descriptions).
"""

from __future__ import annotations

import json
import re
import shlex
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.model import OperationModel, Shape, StructureShape
from botocore.session import get_session
from botocore.validate import ParamValidator

SERVICES = {"s3api": "s3", "s3control": "s3control", "iam": "iam"}
FOR_ALL = {"endpoint-url", "region", "profile"}


@cache
def _operations(service: str) -> dict[str, OperationModel]:
    model = get_session().get_service_model(SERVICES[service])
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def read(command: str) -> tuple[str, dict[str, Any]]:
    """``delete-bucket-policy`` and ``{"Bucket": …}``. Raises :class:`ValueError` for what ``aws`` would refuse."""
    # a setting of the command line comes before it, where the bucket has to stand in the host
    command = command.removeprefix("aws configure set default.s3.addressing_style virtual && ")
    program, service, operation, *rest = shlex.split(command)
    if program != "aws" or service not in SERVICES:
        raise ValueError(f"{program} {service} is no service of aws")
    model = _operations(service).get(operation)
    if model is None:
        raise ValueError(f"aws {service} has no {operation}")
    shape = model.input_shape
    assert isinstance(shape, StructureShape)
    members = {xform_name(name, "-"): (name, member) for name, member in shape.members.items()}
    given: dict[str, Any] = {}
    for option, text in zip(rest[::2], rest[1::2], strict=True):
        if option.removeprefix("--") in FOR_ALL:
            continue
        if option.removeprefix("--") not in members:
            raise ValueError(f"aws {service} {operation} has no {option}")
        name, member = members[option.removeprefix("--")]
        given[name] = _value(text, member)
    errors = ParamValidator().validate(given, shape)
    if errors.has_errors():
        raise ValueError(errors.generate_report())
    return operation, given


def _value(text: str, shape: Shape) -> Any:
    if shape.type_name not in ("structure", "list", "map"):
        return text
    return json.loads(text) if text[:1] in "{[" else _shorthand(text)


def _shorthand(text: str) -> Any:
    """``A=true,B=[{C=d}]`` (AWS CLI, "Using shorthand syntax"), as far as fixes use it."""
    quoted = re.sub(r"([A-Za-z]\w*)=", r'"\1":', text)
    worded = re.sub(
        r"(?<=:)([A-Za-z]\w*)(?=[,}\]]|$)", lambda m: m[1] if m[1] in ("true", "false") else f'"{m[1]}"', quoted
    )
    return json.loads("{" + worded + "}")

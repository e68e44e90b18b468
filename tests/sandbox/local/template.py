"""Reads template.yaml as far as a machine without AWS needs it: parameters, conditions, resources and their references."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ACCOUNT, REGION = "000000000000", "eu-central-1"


class _Loader(yaml.SafeLoader):
    """SafeLoader with CloudFormation's short tags turned into their long forms."""


def _short_tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_tag)


def load(path: Path) -> dict[str, Any]:
    """The template as it stands, with short tags in their long forms."""
    found = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    assert isinstance(found, dict)
    return found


class Template:
    """`physical` maps "LogicalId" and "LogicalId.Attribute" to what exists here; parameters take their defaults unless given."""

    def __init__(self, path: Path, stack: str, parameters: Mapping[str, str], physical: Mapping[str, str]) -> None:
        self.source = load(path)
        self.stack = stack
        defaults = {name: str(given.get("Default", "")) for name, given in self.source["Parameters"].items()}
        unknown = parameters.keys() - defaults.keys()
        if unknown:
            raise ValueError(f"template.yaml has no parameter {', '.join(sorted(unknown))}")
        self.parameters = defaults | dict(parameters)
        self.physical = dict(physical)

    def of_type(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, resource in self.source["Resources"].items():
            if resource["Type"] == kind:
                yield name, resource.get("Properties", {})

    def function(self, name: str) -> dict[str, Any]:
        """A function's properties with the globals under them; environments are merged."""
        shared, own = self.source["Globals"]["Function"], self.source["Resources"][name]["Properties"]
        variables = {
            **shared.get("Environment", {}).get("Variables", {}),
            **own.get("Environment", {}).get("Variables", {}),
        }
        return {**shared, **own, "Environment": {"Variables": variables}}

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](self, argument)
        return {key: self.resolve(item) for key, item in value.items()}

    def condition(self, name: str) -> bool:
        return bool(self.resolve(self.source["Conditions"][name]))

    def reference(self, name: str) -> str:
        pseudo = {
            "AWS::StackName": self.stack, "AWS::Region": REGION, "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": "",
        }  # fmt: skip
        for known in (pseudo, self.physical, self.parameters):
            if name in known:
                return known[name]
        if name.partition(".")[0] in self.source["Resources"]:
            return f"{self.stack}-{name}"
        raise KeyError(f"template.yaml refers to {name}, which does not exist")

    def substitute(self, argument: Any) -> str:
        text, given = (argument[0], self.resolve(argument[1])) if isinstance(argument, list) else (argument, {})
        return re.sub(r"\$\{([A-Za-z0-9.:]+)\}", lambda found: str(given.get(found[1]) or self.reference(found[1])), text)


def _equals(template: Template, argument: list[Any]) -> bool:
    first, second = (str(template.resolve(item)) for item in argument)
    return first == second


_FUNCTIONS: dict[str, Any] = {
    "Ref": Template.reference,
    "Fn::GetAtt": lambda template, argument: template.reference(".".join(argument)),
    "Fn::Sub": Template.substitute,
    "Fn::If": lambda template, argument: template.resolve(argument[1 if template.condition(argument[0]) else 2]),
    "Fn::Equals": _equals,
    "Fn::Not": lambda template, argument: not template.resolve(argument[0]),
    "Fn::Join": lambda template, argument: argument[0].join(template.resolve(argument[1])),
}

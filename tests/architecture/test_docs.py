"""Docs that cannot rot: every setting, command and error kind has its line."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import typer.main

from cavendish import errors
from cavendish.api.dialects.images import ImagesBody
from cavendish.cli import app
from cavendish.domain.sizes import RATIO_SIZES
from cavendish.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


def _kinds(kind: type[errors.CavendishError]) -> set[str]:
    return {kind.code}.union(*(_kinds(sub) for sub in kind.__subclasses__()))


def test_every_setting_is_documented():
    text = (DOCS / "reference/settings.md").read_text()
    for name, field in Settings.model_fields.items():
        if dataclasses.is_dataclass(field.annotation):
            for inner in dataclasses.fields(field.annotation):
                assert f"`{name}.{inner.name}`" in text, f"{name}.{inner.name}"
        else:
            assert f"`{name}`" in text, name


def test_every_documented_setting_exists():
    text = (DOCS / "reference/settings.md").read_text()
    for section, name in re.findall(r"`([a-z]+)\.([a-z_]+)`", text):
        if section in Settings.model_fields:
            annotation = Settings.model_fields[section].annotation
            assert name in {field.name for field in dataclasses.fields(annotation)}, f"{section}.{name}"


def test_every_error_kind_is_documented():
    text = (DOCS / "reference/http.md").read_text()
    assert {kind for kind in _kinds(errors.CavendishError) if f"`{kind}`" not in text} == set()


def test_every_request_field_and_ratio_is_documented():
    text = (DOCS / "reference/http.md").read_text()
    assert {name for name in ImagesBody.model_fields if f"`{name}" not in text} == set()
    for ratio, (width, height) in RATIO_SIZES.items():
        assert f"| {ratio} | {width}×{height} |" in text


def test_every_command_is_documented():
    text = (DOCS / "reference/command-line.md").read_text()
    root = typer.main.get_command(app)
    for name, command in root.commands.items():
        assert f"cavendish {name}" in text, name
        for inner in getattr(command, "commands", {}):
            assert f"{name} {inner}" in text, f"{name} {inner}"


def test_links_of_the_readme_lead_somewhere():
    readme = DOCS.parent / "README.md"
    for target in re.findall(r"\]\((docs/[^)]+)\)", readme.read_text()):
        assert (DOCS.parent / target).exists(), target

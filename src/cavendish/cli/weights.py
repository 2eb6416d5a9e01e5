"""`cavendish weights`: fetch the neural weights, and see what is there."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cavendish.settings import load
from cavendish.weights.install import install as install_weights
from cavendish.weights.store import WeightStore

app = typer.Typer(help="Neural weights.", no_args_is_help=True)


@app.command()
def install() -> None:
    """Download the weights, check them, and keep them in one folder; what is there already is left alone."""
    install_weights(load().weights_folder, say=print)


@app.command(name="list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Every weight file with its licence, source and whether its checksum is right."""
    rows = WeightStore(load().weights_folder).status()
    if as_json:
        print(json.dumps([vars(row) for row in rows]))
        return
    for row in rows:
        state = "verified" if row.verified else "wrong checksum" if row.installed else "not installed"
        print(f"{row.name:14} {state:14} {row.bytes / 1e6:6.1f} MB  {row.licence:12} {row.capability}  {row.source}")

"""`cavendish keys`: make, list, disable and top up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cavendish.accounts.repository import AccountRepository
from cavendish.database.engine import Database
from cavendish.errors import InvalidRequest
from cavendish.settings import load

T = TypeVar("T")

app = typer.Typer(help="Keys and credits.", no_args_is_help=True)

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the database and the files.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def with_accounts(data_dir: Path | None, work: Callable[[AccountRepository], Awaitable[T]]) -> T:
    """Open the database, do `work`, close it; safe beside a running server."""
    settings = load(**({} if data_dir is None else {"data_dir": data_dir}))

    async def run() -> T:
        database = Database(settings.data_dir / settings.database.file, readers=1)
        await database.open()
        try:
            return await work(AccountRepository(database))
        finally:
            await database.close()

    return asyncio.run(run())


@app.command()
def create(
    *,
    credits_text: Annotated[str, typer.Option("--credits", help="A number, or `unlimited`.")],
    name: Annotated[str, typer.Option("--name", help="For people.")],
    account: Annotated[str | None, typer.Option("--account", help="An account; credits are added to it.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; it is shown once."""
    amount = None if credits_text == "unlimited" else _number(credits_text)
    issued = with_accounts(
        data_dir, lambda accounts: accounts.create_key(name=name, account=account, credits_added=amount)
    ).to_json()
    _print(issued, as_json=as_json)


@app.command(name="list")
def list_(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every key, with its account and balance."""
    rows = with_accounts(data_dir, lambda accounts: accounts.list_keys())
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        _print(row, as_json=False)


@app.command()
def disable(prefix: str, *, data_dir: DataDir = None) -> None:
    """Stop a key from working."""
    with_accounts(data_dir, lambda accounts: accounts.disable(prefix))


@app.command()
def topup(
    *,
    account: Annotated[str, typer.Option("--account", help="The account.")],
    credits_text: Annotated[str, typer.Option("--credits", help="Credits to add.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add credits to an account."""
    amount = _number(credits_text)
    balance = with_accounts(data_dir, lambda accounts: accounts.topup(account, amount))
    _print({"account": account, "credits": "unlimited" if balance is None else balance}, as_json=as_json)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise InvalidRequest(f"--credits takes a whole number or `unlimited`, not {text!r}.", param="credits")
    return int(text)


def _print(row: dict[str, Any], *, as_json: bool) -> None:
    print(json.dumps(row) if as_json else "  ".join(f"{key}={value}" for key, value in row.items()))

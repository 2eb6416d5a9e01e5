"""The command line. Exit codes: 0 done or partly, 2 usage, 3 nothing doable, 1 anything else; one line on stderr."""

from __future__ import annotations

import sys

import typer

from cavendish.cli import edit, keys, plan, server, weights
from cavendish.errors import CavendishError, InvalidRequest, UnsupportedEdit

app = typer.Typer(
    name="cavendish",
    help="An image-editing service you can run yourself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (server, edit, plan):
    module.register(app)
app.add_typer(keys.app, name="keys")
app.add_typer(weights.app, name="weights")


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        sys.exit(app(standalone_mode=False))
    except typer.exceptions.TyperException as error:
        _misused(error)
    except typer.Abort:
        _leave(InterruptedError("interrupted"), 1)
    except UnsupportedEdit as error:
        _leave(error, 3)
    except InvalidRequest as error:
        _leave(error, 2)
    except (CavendishError, OSError) as error:
        _leave(error, 1)


def _misused(error: typer.exceptions.TyperException) -> None:
    """Say in one line what is wrong with the arguments; a call without any was shown the help page instead."""
    if message := error.format_message():
        _leave(InvalidRequest(message), 2)
    sys.exit(2)


def _leave(error: Exception, code: int) -> None:
    print(f"cavendish: {' '.join(str(error).split())}", file=sys.stderr)
    sys.exit(code)

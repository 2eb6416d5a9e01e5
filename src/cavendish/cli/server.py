"""`cavendish serve`, `demo`, `engines` and `config check`."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cavendish.errors import InvalidRequest
from cavendish.settings import Settings, load

if TYPE_CHECKING:
    import socket

    import uvicorn

config = typer.Typer(help="The settings.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(demo)
    app.command()(engines)
    app.add_typer(config, name="config")


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Folder of the database and the files.")] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Ask for no key; loopback only.")] = False,
) -> None:
    """Serve the API until interrupted."""
    if no_auth and not _is_loopback(host):
        raise InvalidRequest("--no-auth is allowed only on a loopback address such as 127.0.0.1.")
    settings = load(**({} if data_dir is None else {"data_dir": data_dir}))
    if no_auth:
        api = {name: getattr(settings.api, name) for name in settings.api.__dataclass_fields__} | {"auth": False}
        settings = settings.model_copy(update={"api": type(settings.api)(**api)})
    from cavendish import telemetry  # noqa: PLC0415 - the other commands need none of this
    from cavendish.app import create_app  # noqa: PLC0415

    telemetry.configure(level=settings.log_level)
    if settings.api.auth:
        _bootstrap(settings, host, port)
    server = _server(create_app(settings), host, port)
    server.run()


def _server(app: object, host: str, port: int) -> uvicorn.Server:
    import uvicorn  # noqa: PLC0415

    class Server(uvicorn.Server):
        """Stops being ready at the first signal, so that balancers look elsewhere while open calls finish."""

        def handle_exit(self, sig: int, frame: object) -> None:
            state = getattr(app, "state", None)
            if state is not None and hasattr(state, "cavendish"):
                state.cavendish.runner.draining = True
            # Not the parent's: it raises the signal again at the end, and a clean stop would not exit with 0.
            del frame
            self.force_exit = self.force_exit or (self.should_exit and sig == signal.SIGINT)
            self.should_exit = True

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Drain while open calls are waited for: what takes too long is released, and its caller told."""
            draining = asyncio.ensure_future(app.state.cavendish.runner.drain())  # type: ignore[attr-defined]
            await super().shutdown(sockets)
            await draining

    return Server(
        uvicorn.Config(
            app,  # type: ignore[arg-type]
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=64 * 1024,
        )
    )


def _bootstrap(settings: Settings, host: str, port: int) -> None:
    """Make the first key where the store has none, and show how to use it."""
    from cavendish.cli.keys import with_accounts  # noqa: PLC0415

    if with_accounts(settings.data_dir, lambda accounts: accounts.has_keys()):
        return
    given = settings.bootstrap_key.get_secret_value() or None
    issued = with_accounts(
        settings.data_dir,
        lambda accounts: accounts.create_key(name="bootstrap", account=None, credits_added=None, key=given),
    )
    shown = "$CAVENDISH_BOOTSTRAP_KEY" if given else issued.key
    body = {
        "model": "google/gemini-2.5-flash-image-edit",
        "prompt": "Make it black and white.",
        "image_urls": ["https://example.com/photo.jpg"],
    }
    reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    address = f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
    print(
        f"First key (unlimited, shown once): {shown}\n\n"
        f'curl {address}/v1/images/generations -H "Authorization: Bearer {shown}" '
        f"-H 'Content-Type: application/json' -d '{json.dumps(body)}'\n",
        file=sys.stderr,
    )


def demo(
    *, out: Annotated[Path, typer.Option("--out", help="Folder for inputs, outputs and the sheet.")] = Path("demo-out")
) -> None:
    """Start a server, run one two-picture edit through it, show the result, stop."""
    from cavendish.cli.demo import run_demo  # noqa: PLC0415

    run_demo(out)


def engines() -> None:
    """The engines this build knows and which are switched on."""
    from cavendish.engines.catalog import ENGINES  # noqa: PLC0415

    active = load().engines
    for row in ENGINES.values():
        print(f"{row.name:10} {'on ' if row.name in active else 'off'}  {row.summary}")


@config.command(name="check")
def check() -> None:
    """Read the settings and print them; exit 2 where one is wrong."""
    settings = load()
    print(json.dumps(settings.model_dump(mode="json"), indent=2))
    print(f"weights folder: {settings.weights_folder}")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

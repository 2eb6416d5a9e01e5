"""The settings: one frozen tree, read once from `cavendish.toml` and the environment. Nothing else reads either.

An environment variable is `CAVENDISH_` + section + `__` + name, such as `CAVENDISH_JOBS__DEADLINE_S=60`; it wins over
the file. Each section is defined beside the code that uses it.
"""

from __future__ import annotations

import json
import os
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from cavendish.accounts.pricing import PricingSettings
from cavendish.api.state import ApiSettings
from cavendish.database.engine import DatabaseSettings
from cavendish.domain.limits import DecodeSettings
from cavendish.engines.llm_planner import PlannerSettings
from cavendish.errors import InvalidRequest
from cavendish.fetching.limits import FetchSettings
from cavendish.jobs.runner import JobSettings
from cavendish.storage.store import StorageSettings
from cavendish.weights.store import WeightSettings, default_folder

_MAY_BE_ZERO = {
    "jobs.workers",
    "jobs.drain_s",
    "pricing.credits_per_image",
    "fetching.max_redirects",
    "storage.orphan_after_s",
    "weights.compute_threads",
}

_PREFIX = "CAVENDISH_"


class Settings(BaseSettings):
    """Everything an operator can set.

    Args:
        data_dir: Folder of the database and the files.
        bootstrap_key: Key to make at the first start; "" mints one.
        log_level: debug, info, warning or error.
        engines: Engines in order of preference.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", toml_file="cavendish.toml"
    )

    data_dir: Path = Path("cavendish-data")
    bootstrap_key: SecretStr = SecretStr("")
    log_level: str = "info"
    engines: tuple[str, ...] = ("embedded",)
    api: ApiSettings = ApiSettings()
    jobs: JobSettings = JobSettings()
    pricing: PricingSettings = PricingSettings()
    planner: PlannerSettings = PlannerSettings()
    fetching: FetchSettings = FetchSettings()
    decoding: DecodeSettings = DecodeSettings()
    storage: StorageSettings = StorageSettings()
    database: DatabaseSettings = DatabaseSettings()
    weights: WeightSettings = WeightSettings()

    @field_validator("*", mode="before")
    @classmethod
    def _decoded(cls, section: Any) -> Any:
        """Lists and tables inside a section come from the environment as JSON text, such as `[80, 443]`."""
        if not isinstance(section, dict):
            return section
        texts = {name for name, value in section.items() if isinstance(value, str) and value[:1] in {"[", "{"}}
        return {name: json.loads(value) if name in texts else value for name, value in section.items()}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        """No number may be negative, and most must be more than 0."""
        sections = ((name, value) for name, value in self if is_dataclass(value))
        numbers = {
            f"{name}.{field.name}": getattr(value, field.name) for name, value in sections for field in fields(value)
        }
        for name, number in numbers.items():
            if isinstance(number, int | float) and not isinstance(number, bool):
                least = "0 or more" if name in _MAY_BE_ZERO else "more than 0"
                if number < 0 or (number == 0 and name not in _MAY_BE_ZERO):
                    raise ValueError(f"{name} must be {least}")
        return self

    @property
    def weights_folder(self) -> Path:
        """Where the neural weights are."""
        return self.weights.folder or default_folder(_user_data())

    @property
    def worker_count(self) -> int:
        """Edits in work at once."""
        return self.jobs.workers or os.cpu_count() or 1


def load(**given: Any) -> Settings:
    """Read the settings.

    Args:
        **given: Top-level values from the command line; they win.

    Raises:
        InvalidRequest: A value is missing, unknown or out of range; the message names it.
    """
    _refuse_unknown_names()
    try:
        return Settings(**given)
    except (ValidationError, ValueError) as error:
        lines = error.errors(include_url=False) if isinstance(error, ValidationError) else []
        named = "; ".join(": ".join(filter(None, (".".join(map(str, line["loc"])), line["msg"]))) for line in lines)
        raise InvalidRequest(f"Settings: {named or error}") from error


def _refuse_unknown_names() -> None:
    """A misspelt variable would otherwise be a setting silently not made."""
    for name in os.environ:
        if name.startswith(_PREFIX):
            section, _, inner = name.removeprefix(_PREFIX).lower().partition("__")
            known = Settings.model_fields.get(section)
            default = known.default if known is not None else None
            inner_names = {field.name for field in fields(default)} if is_dataclass(default) else {""}
            if known is None or inner not in {*inner_names, ""}:
                dotted = f"{section}.{inner}" if inner else section
                raise InvalidRequest(f"Settings: no setting is called {dotted} ({name})")


def _user_data() -> Path:
    """The platform's folder for application data (XDG Base Directory Specification 0.8 where there is no other)."""
    home = Path.home()
    if "XDG_DATA_HOME" in os.environ:
        return Path(os.environ["XDG_DATA_HOME"])
    windows = os.environ.get("LOCALAPPDATA")
    return Path(windows) if windows else home / ".local" / "share"

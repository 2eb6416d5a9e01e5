"""Rules about the code itself that no linter knows; every exception stands here with its reason."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "cavendish"

NOT_A_STAGE = {
    "__init__.py": "the whole",
    "cli/__init__.py": "the way in beside HTTP, not a step of a request",
    "api/dialects/__init__.py": "part of api's stage",
    "api/routes/__init__.py": "part of api's stage",
    "database/migrations/__init__.py": "revisions that Alembic runs",
}

NO_DOCSTRING = {
    "database/migrations/versions/0001_first_tables.py": "Alembic's own two function names",
    "database/migrations/env.py": "run by Alembic, not imported",
}

BROAD_EXCEPT = {
    "jobs/runner.py": 2,  # whatever breaks in an edit ends that edit, and whatever breaks in upkeep does not end upkeep
    "service.py": 1,  # discards the files of an edit that could not be settled, and raises again
}

READS_ENVIRONMENT = {
    "settings.py": "the one place",
    "cli/demo.py": "hands its own environment on to the server it starts",
}


PRINTS = {"telemetry.py": "the printing end of the logger"}


def modules():
    return sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))


def tree_of(module):
    return ast.parse((SOURCE / module).read_text("utf-8"))


def test_the_import_contracts_hold():
    """Layers, purity, frameworks and families as pyproject.toml declares them."""
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=SOURCE.parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("module", [name for name in modules() if name.endswith("__init__.py")])
def test_every_package_says_its_stage(module):
    text = ast.get_docstring(tree_of(module)) or ""
    assert text
    assert text.startswith("Stage ") != (module in NOT_A_STAGE), "the list of exceptions is exact, too"


@pytest.mark.parametrize("module", modules())
def test_every_module_and_everything_public_has_a_docstring(module):
    if module in NO_DOCSTRING:
        return
    tree = tree_of(module)
    assert ast.get_docstring(tree) or not tree.body
    missing = [name for name, node in _public(tree) if not ast.get_docstring(node)]
    assert not missing


def _public(node, prefix=""):
    """Public functions, classes and their public methods; not what is nested in functions."""
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            yield f"{prefix}{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from _public(child, f"{child.name}.")


def test_everything_is_caught_only_at_the_named_sites():
    found = {}
    for module in modules():
        handlers = [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.ExceptHandler)]
        broad = [handler for handler in handlers if _is_broad(handler.type)]
        if broad:
            found[module] = len(broad)
    assert found == BROAD_EXCEPT


def _is_broad(caught):
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(name is None or getattr(name, "id", "") in {"Exception", "BaseException"} for name in names)


def test_the_broad_except_of_the_service_raises_again():
    handlers = [node for node in ast.walk(tree_of("service.py")) if isinstance(node, ast.ExceptHandler)]
    (broad,) = [handler for handler in handlers if _is_broad(handler.type)]
    assert isinstance(broad.body[-1], ast.Raise)
    assert broad.body[-1].exc is None


def test_only_the_settings_read_the_environment():
    readers = {
        module
        for module in modules()
        for node in ast.walk(tree_of(module))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv", "expandvars"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and any("env" in name.name for name in node.names))
    }
    assert readers == set(READS_ENVIRONMENT)


def test_only_the_command_line_prints_and_exits():
    for module in modules():
        if module.startswith("cli/") or module in PRINTS:
            continue
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"print", "input", "exit", "quit", "sys.exit", "os._exit"}, (module, node.lineno)
                assert not called.startswith(("sys.stdout", "sys.stderr")), (module, node.lineno)


def test_no_module_has_a_name_that_says_nothing():
    assert not {Path(name).stem for name in modules()} & {
        "utils",
        "util",
        "helpers",
        "helper",
        "manager",
        "common",
        "misc",
    }


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("cavendish.app", ["numpy", "cv2", "PIL", "scipy", "onnxruntime", "alembic"]),
        ("cavendish.cli", ["numpy", "cv2", "PIL", "scipy", "onnxruntime", "alembic"]),
        ("cavendish.planning.planner", ["numpy", "cv2", "PIL", "fastapi", "sqlalchemy"]),
    ],
)
def test_start_up_loads_nothing_heavy(module, heavy):
    """The server is ready within 1.5 s because no pixel library is imported before the first picture."""
    code = f"import sys, {module}; print(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.split()

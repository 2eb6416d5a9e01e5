"""Fresh files, files that are up to date, and two processes that meet at one."""

import sqlite3
import subprocess
import sys
from contextlib import closing

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, create_engine

from cavendish.database import migrations
from cavendish.database.engine import migrate
from cavendish.database.tables import metadata


def query(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_a_fresh_file_ends_at_the_newest_revision(tmp_path):
    path = tmp_path / "deep" / "folder" / "new.sqlite3"
    migrate(path)
    scripts = ScriptDirectory(next(iter(migrations.__path__)))
    assert scripts.get_heads() == [migrations.HEAD]
    assert query(path, "SELECT version_num FROM alembic_version") == [(migrations.HEAD,)]


def test_the_migrations_make_exactly_the_tables_the_code_names(tmp_path):
    path = tmp_path / "new.sqlite3"
    migrate(path)
    engine = create_engine(URL.create("sqlite", database=str(path)))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_checks_and_foreign_keys_are_migrated_too(tmp_path):
    """Autogenerate does not compare CHECK constraints, so they are compared as SQL: migrated against `create_all`."""
    migrated, created = tmp_path / "migrated.sqlite3", tmp_path / "created.sqlite3"
    migrate(migrated)
    engine = create_engine(URL.create("sqlite", database=str(created)))
    metadata.create_all(engine)
    engine.dispose()

    def schema(path):
        # One line each, columns and constraints sorted: alembic and create_all differ in order and white space only.
        found = query(path, "SELECT name, sql FROM sqlite_master WHERE sql NOT NULL AND name != 'alembic_version'")
        return {
            name: sorted(part.strip(" ,)(") for part in sql.splitlines() if part.strip(" ,)(")) for name, sql in found
        }

    assert schema(migrated) == schema(created)
    assert any("never_overdrawn" in part for part in schema(migrated)["accounts"])


def test_an_up_to_date_file_opens_without_alembic(tmp_path):
    program = (
        "import sys, pathlib; from cavendish.database.engine import migrate;"
        f"migrate(pathlib.Path({str(tmp_path / 'a.sqlite3')!r})); print('alembic' in sys.modules)"
    )
    said = [
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout for _ in "12"
    ]
    assert [line.strip() for line in said] == ["True", "False"]


def test_processes_that_make_the_same_file_at_once_all_succeed(tmp_path):
    """Three processes are told the same new path at the same time, ten times over."""
    program = (
        "import sys, pathlib; import cavendish.database.migrations.upgrade;"
        "from cavendish.database.engine import migrate;"
        "print('ready', flush=True)\n"
        "for line in sys.stdin: migrate(pathlib.Path(line.strip())); print('done', flush=True)"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([sys.executable, "-c", program], **pipes) for _ in range(3)]
    said = [[process.stdout.readline() for process in processes]]
    for k in range(10):
        for process in processes:
            process.stdin.write(f"{tmp_path / str(k)}\n")
            process.stdin.flush()
        said.append([process.stdout.readline() for process in processes])
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]
    assert ended == [("", 0)] * 3
    assert said == [["ready\n"] * 3] + [["done\n"] * 3] * 10
    assert query(tmp_path / "9", "SELECT version_num FROM alembic_version") == [(migrations.HEAD,)]


def test_a_folder_may_have_any_name(tmp_path):
    path = tmp_path / "100% safe? yes & #1; é.d" / "cavendish.sqlite3"
    migrate(path)
    assert query(path, "SELECT count(*) FROM accounts") == [(0,)]

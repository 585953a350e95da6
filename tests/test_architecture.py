from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
MODULES = sorted((PROJECT / "etl").rglob("*.py"))


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield str(path.relative_to(PROJECT)), node


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def users(name: str) -> set[str]:
    """The modules that name an attribute such as `os.environ`, however they import it."""
    module, _, attribute = name.partition(".")
    found = {path for path, node in nodes() if isinstance(node, ast.Attribute) and dotted(node) == name}
    imported = {
        path
        for path, node in nodes()
        if isinstance(node, ast.ImportFrom)
        and node.module == module
        and attribute in {alias.name for alias in node.names}
    }
    return found | imported


def test_imports_point_downward() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))",
    ]
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, env={"PYTHONPATH": str(PROJECT), "COLUMNS": "200"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        done.stdout.count(" KEPT")
        == (PROJECT / "pyproject.toml").read_text(encoding="utf-8").count("[[tool.importlinter.contracts]]")
        > 0
    )


def test_the_environment_is_read_in_settings_alone() -> None:
    assert users("os.environ") <= {"etl/settings.py", "etl/validation.py"}
    assert users("os.getenv") == set()
    source = (PROJECT / "etl" / "validation.py").read_text(encoding="utf-8")
    assert source.count("os.environ") == source.count("os.environ.setdefault(") <= 1


def test_databases_are_opened_in_one_module() -> None:
    assert users("duckdb.connect") == {"etl/database.py"}


@pytest.mark.parametrize("name", ["eval", "exec", "compile", "__import__"])
def test_no_text_is_run(name: str) -> None:
    called = {
        path
        for path, node in nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    }
    assert called == set()


@pytest.mark.parametrize("name", ["pickle", "marshal", "shelve", "subprocess", "urllib.request", "requests", "yaml"])
def test_dangerous_modules_stay_out(name: str) -> None:
    imported = {
        path
        for path, node in nodes()
        if (isinstance(node, ast.Import) and name in {alias.name for alias in node.names})
        or (isinstance(node, ast.ImportFrom) and node.module == name)
    }
    assert imported == set()


def test_every_error_can_cross_a_process_border() -> None:
    import pickle

    from etl import errors

    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.EtlError) and kind is not errors.EtlError:
            count = kind.__init__.__code__.co_argcount - 1
            values = [
                ["known"] if name == "known" else ("a",) if name == "grain" else "x"
                for name in kind.__init__.__code__.co_varnames[1 : count + 1]
            ]
            error = kind(*values)
            again = pickle.loads(pickle.dumps(error))
            assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))
            assert "\n" not in str(error)


def test_importing_the_command_line_is_cheap() -> None:
    heavy = ("great_expectations", "airflow", "duckdb", "polars", "scipy", "networkx", "feedgen")
    code = f"import sys, etl.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(PROJECT)}
    )
    assert done.stdout.strip() == "[]"

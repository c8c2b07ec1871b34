"""The house's rules about names, sizes and shape; each rule is shown to refuse a bad sample."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

import touchline

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "touchline"

MOST_LINES = 300
MOST_CODE_LINES = 40
MOST_NESTING = 3
MOST_POSITIONAL = 3
NOT_A_NAME = {
    "utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc",
}  # fmt: skip
NOT_DOMAINS = {"core", "adapters", "cli", "config", "functions", "server", "up", "wiring"}
STAGES = {"source", "live", "silver", "gold", "serve", "contracts", "pipeline", "simulate"}
LIBRARIES = {
    "pyiceberg": ("adapters/iceberg",),
    "sqlite3": ("adapters/sqlite",),
    "pyspark": ("adapters/spark",),
    "boto3": ("adapters/s3", "adapters/dynamodb"),
    "botocore": ("adapters/s3", "adapters/dynamodb"),
    "confluent_kafka": ("adapters/kafka",),
    "psycopg": ("adapters/postgres",),
    "influxdb": ("adapters/influxdb",),
    "paho": ("adapters/mqtt",),
    "py4j": ("adapters/spark",),
    "sqlalchemy": ("adapters/iceberg",),  # its SQL catalog speaks through it
    "pandas": (),
    "click": ("cli",),
    "rich": ("cli",),
    "starlette": ("server",),
    "uvicorn": ("server",),
    "prometheus_client": ("server",),
}
"""A library -> the only places that may import it."""


@dataclass(frozen=True)
class Module:
    """A module of the package: its path inside it, its text, and its tree."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return parsed(self.text)

    @property
    def names(self) -> list[str]:
        """Folders and file of the path, without the ending."""
        return list(PurePosixPath(self.path).with_suffix("").parts)


@cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


Check = Callable[[Module], Iterator[str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: Module) -> Iterator[Function]:
    return (n for n in ast.walk(module.tree) if isinstance(n, Function))


def classes(module: Module) -> Iterator[ast.ClassDef]:
    return (n for n in ast.walk(module.tree) if isinstance(n, ast.ClassDef))


# --- sizes --------------------------------------------------------------------------------------


def modules_are_short(module: Module) -> Iterator[str]:
    lines = module.text.count("\n")
    if lines > MOST_LINES:
        yield f"{lines} lines; at most {MOST_LINES}, then a folder of the same name"


def functions_are_short(module: Module) -> Iterator[str]:
    code = code_lines(module.text)
    for function in functions(module):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        if body:
            lines = range(body[0].lineno, (function.end_lineno or 0) + 1)
            count = len(code.intersection(lines))
            if count > MOST_CODE_LINES:
                yield f"{function.name}: {count} lines of code; at most {MOST_CODE_LINES}"


def code_lines(text: str) -> set[int]:
    """The numbers of lines that hold code: no blank line, no comment."""
    quiet = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
        tokenize.ENDMARKER,
    }  # fmt: skip
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in quiet:
            found.update(range(token.start[0], token.end[0] + 1))
    return found


def nesting_is_flat(module: Module) -> Iterator[str]:
    for function in functions(module):
        depth = nesting(function.body)
        if depth > MOST_NESTING:
            yield f"{function.name}: nested {depth} deep; at most {MOST_NESTING}"


def nesting(body: list[ast.stmt]) -> int:
    """How deep blocks lie in each other; an elif is as deep as its if, a function begins anew."""
    blocks = (
        ast.For | ast.AsyncFor | ast.While | ast.If | ast.With | ast.AsyncWith | ast.Try | ast.Match
    )
    deepest = 0
    for statement in body:
        if isinstance(statement, blocks):
            inner = [1 + nesting(part) for part in parts(statement)]
            deepest = max(deepest, 1, *inner)
    return deepest


def parts(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The bodies of a block; an elif's are its if's."""
    if isinstance(statement, ast.Match):
        yield from (case.body for case in statement.cases)
        return
    yield getattr(statement, "body", [])
    yield getattr(statement, "finalbody", [])
    yield from (handler.body for handler in getattr(statement, "handlers", []))
    other = getattr(statement, "orelse", [])
    is_elif = isinstance(statement, ast.If) and len(other) == 1 and isinstance(other[0], ast.If)
    yield from parts(other[0]) if is_elif else [other]


def arguments_after_the_third_are_named(module: Module) -> Iterator[str]:
    methods = {id(f) for c in classes(module) for f in c.body if isinstance(f, Function)}
    for function in functions(module):
        if any("command" in ast.unparse(d) for d in function.decorator_list):
            continue
        given = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        bound = id(function) in methods and given[:1] in (["self"], ["cls"])
        count = len(given) - bound
        if count > MOST_POSITIONAL:
            yield f"{function.name}: {count} positional arguments; at most {MOST_POSITIONAL}"


# --- names --------------------------------------------------------------------------------------


def files_are_named_by_what_they_hold(module: Module) -> Iterator[str]:
    for name in NOT_A_NAME.intersection(module.names):
        yield f"{name!r} says nothing of what is in it"


def domain_files_are_stages(module: Module) -> Iterator[str]:
    names = module.names
    in_a_domain = len(names) > 1 and names[0] not in NOT_DOMAINS
    if in_a_domain and names[1] not in {*STAGES, "__init__"}:
        yield f"{names[1]!r} is no stage; expected one of {', '.join(sorted(STAGES))}"


def classes_are_named_by_what_they_are(module: Module) -> Iterator[str]:
    for found in classes(module):
        if re.match(r"I[A-Z]|Abstract|Base(?![a-z])", found.name) or found.name.endswith("Impl"):
            yield f"class {found.name}: no I, Abstract, Base or Impl"


# --- docstrings ---------------------------------------------------------------------------------


def what_is_public_has_a_docstring(module: Module) -> Iterator[str]:
    if not ast.get_docstring(module.tree):
        yield "the module has no docstring"
    yield from undocumented(module.tree.body)


def undocumented(body: list[ast.stmt]) -> Iterator[str]:
    for found in body:
        if isinstance(found, Function | ast.ClassDef) and not found.name.startswith("_"):
            if not ast.get_docstring(found):
                yield f"{found.name}: no docstring"
            if isinstance(found, ast.ClassDef):
                yield from (f"{found.name}.{said}" for said in undocumented(found.body))


def adapters_refer_to_their_port(module: Module) -> Iterator[str]:
    if module.names[0] != "adapters" and module.names[:2] != ["core", "memory"]:
        return
    for found in classes(module):
        methods = {f.name: f for f in found.body if isinstance(f, Function)}
        for port, promised in ports().items():
            if promised <= set(methods):
                for name in sorted(promised):
                    if not (ast.get_docstring(methods[name]) or "").startswith(f"See {port}."):
                        yield f"{found.name}.{name}: expected 'See {port}.', then what differs"


@cache
def ports() -> dict[str, set[str]]:
    """Each port with the names of its methods."""
    return {
        found.name: {f.name for f in found.body if isinstance(f, Function)}
        for module in package()
        if module.path.startswith("core/ports/")
        for found in classes(module)
        if any(isinstance(base, ast.Name) and base.id == "Protocol" for base in found.bases)
    }


# --- what modules reach -------------------------------------------------------------------------


def services_stay_behind_their_adapter(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        named = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            named = [node.module or ""]
        for library in {name.partition(".")[0] for name in named} & set(LIBRARIES):
            places = LIBRARIES[library]
            if not any(re.match(rf"{place}(/|\.py$)", module.path) for place in places):
                yield f"line {node.lineno}: imports {library}; only {places or 'nobody'} may"


def nothing_happens_on_import(module: Module) -> Iterator[str]:
    if module.names[-1] == "__main__":
        return
    reach = re.compile(r"\b(os\.environ|os\.getenv|getenv|open|connect|datetime\.now|time\.time)\b")
    for statement in module.tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield f"line {statement.lineno}: calls {ast.unparse(statement.value.func)}"
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value:
            called = [n.func for n in ast.walk(statement.value) if isinstance(n, ast.Call)]
            called += [n for n in ast.walk(statement.value) if isinstance(n, ast.Subscript)]
            for found in called:
                if reach.match(ast.unparse(found)):
                    yield f"line {statement.lineno}: reaches {ast.unparse(found)}"


def values_are_frozen(module: Module) -> Iterator[str]:
    for found in classes(module):
        said = [d for d in map(ast.unparse, found.decorator_list) if d.startswith("dataclass")]
        kept = all("frozen=True" in d or "eq=False" in d for d in said)
        if not kept and not found.name.startswith("_"):
            yield f"class {found.name}: frozen=True, or eq=False where it is no value"


# --- on the code, and on bad samples ------------------------------------------------------------


def code_of(lines: int) -> str:
    return "def f():\n    '''Doc.'''\n    # a comment\n" + "    x = 1\n" * lines


BAD: dict[Check, tuple[str, str]] = {
    modules_are_short: ("core/a.py", "x = 1\n" * 301),
    functions_are_short: ("core/a.py", code_of(41)),
    nesting_is_flat: (
        "core/a.py",
        "def f(a):\n if a:\n  pass\n elif a:\n  for b in a:\n   with b:\n    while b:\n     pass\n",
    ),
    arguments_after_the_third_are_named: ("core/a.py", "def f(a, b, c, d): ...\n"),
    files_are_named_by_what_they_hold: ("core/utils.py", ""),
    domain_files_are_stages: ("tracking/sprints.py", ""),
    classes_are_named_by_what_they_are: ("core/a.py", "class ITableStore: ...\n"),
    what_is_public_has_a_docstring: ("core/a.py", "'''Doc.'''\ndef f(): ...\n"),
    adapters_refer_to_their_port: (
        "adapters/here.py",
        "class Here:\n def map(self):\n  '''Run the jobs.'''\n",
    ),
    services_stay_behind_their_adapter: ("core/a.py", "def f():\n import sqlite3\n"),
    nothing_happens_on_import: ("core/a.py", "import os\nHOME = os.environ['HOME']\n"),
    values_are_frozen: ("core/a.py", "@dataclass\nclass Value: ...\n"),
}
GOOD: dict[Check, tuple[str, str]] = {
    modules_are_short: ("core/a.py", "x = 1\n" * 300),
    functions_are_short: ("core/a.py", code_of(40) + "\n\n    # no code\n"),
    nesting_is_flat: (
        "core/a.py",
        "def f(a):\n if a:\n  pass\n elif a:\n  for b in a:\n   with b:\n    pass\n",
    ),
    arguments_after_the_third_are_named: (
        "core/a.py",
        "class A:\n def f(self, a, b, c, *, d): ...\n@click.command()\ndef g(a, b, c, d): ...\n",
    ),
    files_are_named_by_what_they_hold: ("core/baseline.py", ""),
    domain_files_are_stages: ("tracking/gold/sprints.py", ""),
    classes_are_named_by_what_they_are: ("core/a.py", "class IcebergTables: ...\n"),
    what_is_public_has_a_docstring: ("core/a.py", "'''Doc.'''\ndef _f(): ...\n"),
    adapters_refer_to_their_port: (
        "adapters/here.py",
        "class Here:\n def map(self):\n  '''See Engine. In one thread.'''\n",
    ),
    services_stay_behind_their_adapter: ("adapters/sqlite/rows.py", "import sqlite3\n"),
    nothing_happens_on_import: ("core/a.py", "import re\nID = re.compile('a')\n"),
    values_are_frozen: ("core/a.py", "@dataclass(frozen=True)\nclass Value: ...\n"),
}
CHECKS = list(BAD)


def named(check: Check) -> str:
    return check.__name__


@cache
def package() -> list[Module]:
    files = sorted(SOURCE.rglob("*.py"))
    return [Module(f.relative_to(SOURCE).as_posix(), f.read_text(encoding="utf-8")) for f in files]


@pytest.mark.parametrize("check", CHECKS, ids=named)
def test_the_package_keeps_the_rule(check: Check) -> None:
    broken = [f"{module.path}: {said}" for module in package() for said in check(module)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("check", CHECKS, ids=named)
def test_the_rule_refuses_what_breaks_it(check: Check) -> None:
    assert list(check(Module(*BAD[check])))


@pytest.mark.parametrize("check", CHECKS, ids=named)
def test_the_rule_allows_what_keeps_it(check: Check) -> None:
    assert not list(check(Module(*GOOD[check])))


def test_every_promise_of_a_port_is_written_down() -> None:
    assert {"ObjectStore", "TableStore", "Ledger", "Notes", "Engine"} <= set(ports())
    for module in package():
        if module.path.startswith("core/ports/"):
            assert not list(undocumented(module.tree.body))


# --- the files around the package ---------------------------------------------------------------

ADDRESS = re.compile(r"https?://|git\+|--(extra-)?index-url|--find-links|^-[if] ", re.MULTILINE)
MACHINE = re.compile(
    r"(?<![\w.])/(?:wor" + r"k|hom" + r"e|roo" + r"t|User" + r"s)/\w|[A-Z]:\\User" + "s"
)


def install_files() -> list[Path]:
    named = [ROOT / n for n in ("pyproject.toml", "Makefile", ".ci/run")]
    return [*sorted((ROOT / "requirements").glob("*.txt")), *named]


def own_files() -> list[Path]:
    """Every file that is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [f for n in listed.stdout.split("\0") if n and (f := ROOT / n).is_file()]


@pytest.mark.parametrize("file", install_files(), ids=lambda f: f.name)
def test_what_installs_names_no_registry(file: Path) -> None:
    assert not ADDRESS.findall(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "line", ["--index-url https://example.org/simple", "-i mirror", "x @ git+ssh://host/x"]
)
def test_a_registry_address_is_seen(line: str) -> None:
    assert ADDRESS.search(f"polars==2.1.0\n{line}\n")


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = []
    for file in own_files():
        for at, line in enumerate(file.read_text("utf-8", errors="ignore").splitlines(), start=1):
            if MACHINE.search(line):
                found.append(f"{file.relative_to(ROOT)}:{at}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "place", ["/hom" + "e/ann/landing", "see /wor" + "k/x.py", "C:\\User" + "s\\ann"]
)
def test_a_folder_of_one_machine_is_seen(place: str) -> None:
    assert MACHINE.search(place)


@pytest.mark.parametrize(
    "place", ["/tmp/touchline-demo", "../shared", "rework/x", "example.org/home"]
)
def test_other_paths_are_no_folder_of_one_machine(place: str) -> None:
    assert not MACHINE.search(place)


def test_the_changelog_tells_of_this_version() -> None:
    said = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(touchline.__version__)}\b", said, re.MULTILINE)


def test_the_projects_folder_holds_what_belongs_there() -> None:
    places = {
        "benchmarks",
        "build",
        "data",
        "dist",
        "docs",
        "examples",
        "requirements",
        "src",
        "tests",
    }
    files = {"CHANGELOG.md", "LICENSE", "Makefile", "README.md", "pyproject.toml"}
    seen = {p.name for p in ROOT.iterdir() if not p.name.startswith(".")}
    assert seen - places - files == set()

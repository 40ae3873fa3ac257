"""The rules of the house as functions: each takes a source file and returns what breaks the rule, in words."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("services", "schemas", "deploy")
PARAMETERS_MAX = 6
FUNCTION_LINES_MAX, FILE_LINES_MAX = 60, 400
SAYS_NOTHING = {"utils", "util", "common", "helpers", "helper", "lib", "misc", "manager"}
CLOCK_AND_OUTSIDE = {"now", "today", "utcnow", "open", "print", "input", "read_text", "read_bytes", "write_text", "write_bytes"}
TOPIC = re.compile(r"achats\.[a-z]+(\.[a-z]+)?\.v\d+\b")
MONEY = re.compile(r"^(?!seconds).*(_cents|amount|price|total|vat|gross|net)s?$")
NO_FLOATS = ("schemas/", "services/classifier/", "services/ledger/")  # the contracts, and the rooms that count money


@dataclass(frozen=True)
class Source:
    """One source file: its path from the root, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @property
    def nodes(self) -> Iterator[ast.AST]:
        """Every node of the tree."""
        return ast.walk(self.tree)

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function."""
        return (node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


type Rule = Callable[[Source], list[str]]


def sources(*rooms: str) -> list[Source]:
    """Every Python file of these rooms (by default all that ships)."""
    files = sorted(path for room in rooms or ROOMS for path in (ROOT / room).rglob("*.py"))
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in files]


def broad_handlers(source: Source) -> list[str]:
    """`except Exception` (or wider, or bare) that does not raise again: it swallows what nobody foresaw."""
    return [
        f"{source.path}:{node.lineno} catches everything and does not raise"
        for node in source.nodes
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not any(isinstance(one, ast.Raise) for one in ast.walk(node))
    ]


def many_parameters(source: Source) -> list[str]:
    """Functions with more parameters than a reader can hold."""
    return [
        f"{source.path}:{node.lineno} {node.name} takes {count} parameters"
        for node in source.functions
        if (count := _parameter_count(node)) > PARAMETERS_MAX
    ]


def untyped(source: Source) -> list[str]:
    """Functions with a parameter or a result that says no type."""
    return [
        f"{source.path}:{node.lineno} {node.name} is not fully typed"
        for node in source.functions
        if node.returns is None or any(one.annotation is None for one in _parameters(node))
    ]


def undocumented(source: Source) -> list[str]:
    """Modules without a docstring."""
    return [] if ast.get_docstring(source.tree) else [f"{source.path} has no docstring"]


def long_functions(source: Source) -> dict[str, int]:
    """Functions over the limit, with their lines."""
    lengths = {f"{source.path}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1 for node in source.functions}
    return {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES_MAX}


def long_file(source: Source) -> dict[str, int]:
    """The file, when it is over the limit."""
    lines = source.text.count("\n")
    return {source.path: lines} if lines > FILE_LINES_MAX else {}


def environment_reads(source: Source) -> list[str]:
    """The environment read in a service outside config.py and main.py."""
    if not source.path.startswith("services/") or Path(source.path).name in ("config.py", "main.py"):
        return []
    return [
        f"{source.path}:{node.lineno} reads the environment"
        for node in source.nodes
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb"))
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and {"environ", "getenv"} & {one.name for one in node.names})
    ]


def floats_near_money(source: Source) -> list[str]:
    """A float annotation, a float() call or a float literal next to a name that means money; any float at all where money is counted."""
    everywhere = source.path.startswith(NO_FLOATS) and "/adapters/" not in source.path
    return [
        f"{source.path}:{line} has a float near money"
        for line in sorted({*_money_floats(source), *(_floats(source) if everywhere else ())})
    ]


def clock_and_outside_in_domain(source: Source) -> list[str]:
    """Names in a domain that tell the time or touch the outside, however they were imported."""
    if "/domain/" not in source.path:
        return []
    return [
        f"{source.path}:{node.lineno} uses {name} in a domain"
        for node in source.nodes
        if isinstance(node, ast.Call) and (name := _called(node)) in CLOCK_AND_OUTSIDE
    ]


def constant_probes(source: Source) -> list[str]:
    """A probe that answers without looking: a function called live, ready or health that only returns a constant."""
    return [
        f"{source.path}:{node.lineno} {node.name} answers without looking"
        for node in source.functions
        if node.name in ("live", "ready", "health", "healthy") and _returns_constant(node)
    ]


def topic_names(source: Source) -> list[str]:
    """A topic's name written outside schemas/: ask the registry. (`achats.invoice.collected.v1` is an event type, said in its contract.)"""
    if source.path.startswith("schemas/"):
        return []
    return [
        f"{source.path}:{node.lineno} names the topic {found.group()}"
        for node in source.nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (found := TOPIC.search(node.value))
        and not _is_docstring(source, node)
    ]


def empty_names(source: Source) -> list[str]:
    """A module whose name says nothing."""
    return [f"{source.path} has a name that says nothing"] if Path(source.path).stem in SAYS_NOTHING else []


RULES: tuple[Rule, ...] = (
    broad_handlers,
    many_parameters,
    untyped,
    undocumented,
    environment_reads,
    floats_near_money,
    clock_and_outside_in_domain,
    constant_probes,
    topic_names,
    empty_names,
)


def _is_broad(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException")) for name in names)


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    given = node.args
    every = [
        *given.posonlyargs,
        *given.args,
        *given.kwonlyargs,
        *([given.vararg] if given.vararg else []),
        *([given.kwarg] if given.kwarg else []),
    ]
    return [one for one in every if one.arg not in ("self", "cls")]


def _parameter_count(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    by_typer = any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "command" for one in node.decorator_list
    )
    return 0 if by_typer else len(_parameters(node))


def _money_floats(source: Source) -> Iterator[int]:
    for node in source.nodes:
        target: ast.expr | ast.arg | None = None
        if isinstance(node, ast.arg):
            target, written = node, node.annotation
        elif isinstance(node, ast.AnnAssign):
            target, written = node.target, node.annotation
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, written = node.targets[0], node.value
        else:
            continue
        if written is not None and MONEY.match(_name(target)) and _mentions_float(written):
            yield node.lineno


def _floats(source: Source) -> Iterator[int]:
    return (node.lineno for node in source.nodes if isinstance(node, ast.expr) and _is_float(node))


def _mentions_float(node: ast.expr) -> bool:
    return any(isinstance(one, ast.expr) and _is_float(one) for one in ast.walk(node))


def _is_float(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "float") or (isinstance(node, ast.Constant) and isinstance(node.value, float))


def _name(node: ast.expr | ast.arg) -> str:
    if isinstance(node, ast.arg):
        return node.arg
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _called(node: ast.Call) -> str:
    return _name(node.func)


def _returns_constant(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = [one for one in node.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    return len(body) == 1 and isinstance(body[0], ast.Return) and isinstance(body[0].value, ast.Constant)


def _is_docstring(source: Source, node: ast.Constant) -> bool:
    return any(isinstance(one, ast.Expr) and one.value is node for one in source.nodes)

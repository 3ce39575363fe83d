"""Writes docs/reference/ from the code: commands, manifests, exit codes, rules, environment variables.

    script/docs             write the pages
    script/docs --check     fail when one of them is stale

The code is the truth; docs/texts.toml has the words that the code does not have.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from fmctl.cli.app import app
from fmctl.cli.examples import EXAMPLES
from fmctl.domain.problem import PRECEDENCE, ExitCode
from fmctl.kinds import KINDS
from fmctl.rules import RULES
from fmctl.settings import PROJECT_SCHEMA
from fmctl.validate import document_schema

HERE = Path(__file__).parent
TEXTS = tomllib.loads((HERE / "texts.toml").read_text("utf-8"))
NOTE = "<!-- Written by script/docs: change the code or docs/texts.toml, not this page. -->"
Rows = Sequence[Sequence[str]]


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or check them; the exit code."""
    stale = [name for name, text in pages().items() if _read(name) != text]
    if "--check" in arguments:
        if stale:
            sys.stderr.write(f"stale in docs/reference: {', '.join(stale)}; run script/docs\n")
        return bool(stale)
    for name in stale:
        (HERE / "reference").mkdir(exist_ok=True)
        (HERE / "reference" / name).write_text(pages()[name], "utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")
    return 0


def pages() -> dict[str, str]:
    """Every page of the reference by its name."""
    made = {
        "commands.md": commands(),
        "manifests.md": manifests(),
        "exit-codes.md": exit_codes(),
        "errors.md": errors(),
        "environment.md": environment(),
    }
    return {name: "\n".join([NOTE, "", *lines]).rstrip("\n") + "\n" for name, lines in made.items()}


def _read(name: str) -> str:
    file = HERE / "reference" / name
    return file.read_text("utf-8") if file.exists() else ""


def table(heads: Sequence[str], rows: Rows) -> Iterator[str]:
    """A Markdown table, nothing for no rows."""
    if rows:
        yield f"| {' | '.join(heads)} |"
        yield "|" + "---|" * len(heads)
        yield from (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
        yield ""


# ------------------------------------------------------------------ commands


def commands() -> Iterator[str]:
    """Every command with its arguments and options, from the command line itself."""
    yield from ("# Commands", "")
    yield from ("`fmctl COMMAND --help` says the same. Exit codes are [a page of their own](exit-codes.md).", "")
    for path, command in leaves(typer.main.get_command(app), "fmctl"):
        yield from (f"## {path}", "", *paragraphs(command.help), "")
        parameters = [one for one in command.params if not getattr(one, "hidden", False)]
        arguments = [one for one in parameters if one.param_type_name == "argument"]
        yield from table(("argument", "meaning"), [(f"`{shown(one)}`", said(one)) for one in arguments])
        options = [one for one in parameters if one.param_type_name == "option" and "--help" not in one.opts]
        yield from table(("option", "value", "default", "meaning"), [option(one) for one in options])
        yield from examples(path.removeprefix("fmctl "))


def examples(command: str) -> Iterator[str]:
    """What the help ends with."""
    found = EXAMPLES.get(command, {})
    if found:
        wide = max(map(len, found))
        yield from ("```sh", *(f"{text:<{wide}}  # {meaning}" for text, meaning in found.items()), "```", "")


def leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Commands that do something, in the order of ``--help``, with their whole name."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, sub in command.commands.items():
        if not sub.hidden:
            yield from leaves(sub, f"{path} {name}")


def paragraphs(text: str | None) -> Iterator[str]:
    """A docstring with one line per paragraph."""
    blocks = (text or "").strip().split("\n\n")
    for number, block in enumerate(blocks):
        yield from ("",) if number else ()
        yield " ".join(line.strip() for line in block.splitlines())


def option(one: Any) -> tuple[str, str, str, str]:
    """A row: names, what kind of value, default, meaning."""
    names = sorted((*one.opts, *one.secondary_opts), key=len)
    value = "" if one.is_flag else shown_type(one.type) + (", repeatable" if one.multiple else "")
    default = "" if one.is_flag or one.default in (None, "") or one.multiple else f"`{one.default}`"
    return ", ".join(f"`{name}`" for name in names), value, default, said(one)


def said(one: Any) -> str:
    """The help of a parameter, and the variable that sets it."""
    variable = f" Also `{one.envvar}`." if getattr(one, "envvar", None) else ""
    return (one.help or "") + variable


def shown(argument: Any) -> str:
    """An argument as usage lines show it."""
    name = argument.metavar or argument.name.upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def shown_type(type: Any) -> str:
    """A kind of value in a word, with its limits."""
    words = {"str": "text", "integer": "number", "int": "number", "float": "number"}
    name = str(type.name).removesuffix(" range")
    low, high = getattr(type, "min", None), getattr(type, "max", None)
    if low is None and high is None:
        return words.get(name, name)
    return f"{words.get(name, name)}, " + (f"{low} to {high}" if high is not None else f"at least {low}")


# ----------------------------------------------------------------- manifests


def manifests() -> Iterator[str]:
    """Every field of every kind, from the schemas."""
    yield from ("# Manifests", "")
    yield "A manifest is a YAML document with `apiVersion: fmctl/v1`, `kind`, `metadata` and `spec`."
    yield "An editor checks it while you write, with the [schemas](../../schemas/)."
    yield from ("A field marked † is not part of the content: changing it starts no run and needs no version.", "")
    yield from ("## metadata", "")
    schema = document_schema(next(iter(KINDS.values())))["properties"]["metadata"]
    yield from table(FIELD_HEADS, list(fields(schema)))
    for name, kind in KINDS.items():
        yield from (f"## {name}", "", TEXTS["kinds"][name], "")
        spec = document_schema(kind)["properties"]["spec"]
        outside = kind.outside_hash & spec["properties"].keys()
        yield from table(FIELD_HEADS, list(fields(spec, outside=outside)))
    yield from ("## fmctl.yaml", "", "The project file: what belongs together, and where it goes.", "")
    yield from table(FIELD_HEADS, list(fields(PROJECT_SCHEMA)))


FIELD_HEADS = ("field", "type", "default", "says")
Field = tuple[str, str, str, str]


def fields(schema: Mapping[str, Any], at: str = "", *, outside: frozenset[str] = frozenset()) -> Iterator[Field]:
    """A row for every field below ``schema``."""
    required = schema.get("required", ())
    for key, value in schema.get("properties", {}).items():
        path = f"{at}{key}"
        says = [value.get("description", ""), value.get("x-message", "")]
        says += ["Required"] if key in required else []
        mark = " †" if path in outside else ""
        default = f"`{json.dumps(value['default'])}`" if value.get("default", "") != "" else ""
        yield f"`{path}`{mark}", type_of(value), default, " ".join(map(sentence, filter(None, says)))
        yield from fields(value, f"{path}.")
        if value.get("type") == "array":
            yield from fields(value["items"], f"{path}[].")


def sentence(text: str) -> str:
    """Words as a sentence; a first word that is code stays as it is."""
    text = text if text.endswith((".", "!")) else text + "."
    return text[0].upper() + text[1:] if re.match(r"[a-z]+[ ,]", text) else text


def type_of(value: Mapping[str, Any]) -> str:
    """What a field holds, in words."""
    if "enum" in value:
        return ", ".join(f"`{item}`" for item in value["enum"])
    if "anyOf" in value:
        return "text, `{value: …}` or `{valueFrom: {env: NAME}}`, `{valueFrom: {file: PATH}}`"
    kind = value.get("type")
    if kind == "array":
        inner = value["items"]
        return "list of " + ("maps" if inner.get("properties") else type_of(inner) + "s")
    if kind == "object":
        more = value.get("additionalProperties")
        return "map" + (f" of name to {type_of(more)}" if isinstance(more, dict) else "")
    word = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true`, `false`"}
    name = word.get(str(kind), "anything")
    return name + limits(value)


def limits(value: Mapping[str, Any]) -> str:
    """The limits of a number or a text."""
    low, high = value.get("minimum"), value.get("maximum")
    if low is not None:
        return f", {low} to {high}" if high is not None else f", at least {low}"
    return f", at most {value['maxLength']} characters" if "maxLength" in value else ""


# --------------------------------------------------------------------- codes


def exit_codes() -> Iterator[str]:
    """What every exit code means."""
    yield from ("# Exit codes", "", "They are a contract: a pipeline may rely on them.", "")
    rows = [(f"`{int(code)}`", *TEXTS["exit_codes"][code.name]) for code in ExitCode]
    yield from table(("code", "`diff`", "`apply` and what else acts"), rows)
    order = ", ".join(str(int(code)) for code in PRECEDENCE if code is not ExitCode.DIFFERENCES)
    yield f"When several things happened, the first of {order} is it."
    yield "`diff --detailed-exitcode` speaks as Terraform does: 0 in sync, 1 error, 2 differences."


def errors() -> Iterator[str]:
    """Every rule that a manifest can break."""
    yield from ("# Rules", "")
    yield "A mistake in a manifest is told with file, line, column and the rule that it breaks."
    yield "All mistakes are told in one run, before anything is contacted, and the exit code is 2."
    yield from ("`fmctl explain FM0104` says how it comes to be broken, too, and shows an example.", "")
    heads = {"FM00": "Reading", "FM01": "One manifest", "FM02": "The set", "FM03": "The kinds", "FM04": "Resolving"}
    for prefix, head in heads.items():
        found = [(f"`{id}`", rule.says, rule.remedy) for id, rule in RULES.items() if id.startswith(prefix)]
        yield from (f"## {head}", "", *table(("id", "rule", "what to do"), found))


def environment() -> Iterator[str]:
    """Every environment variable that fmctl reads."""
    yield from ("# Environment variables", "")
    yield "An empty variable counts as not set, with one exception:"
    yield "where `CI`, any `HW_…`, any `HUAWEICLOUD_SDK_…` or an endpoint is set, even to nothing,"
    yield "fmctl uses the sandbox only when it is named."
    yield "So a secret that is missing in a pipeline is an error, and not a run in the sandbox."
    yield ""
    for head, variables in TEXTS["environment"].items():
        yield from (f"## {head}", "")
        yield from table(("variable", "meaning"), [(f"`{name}`", text) for name, text in variables.items()])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

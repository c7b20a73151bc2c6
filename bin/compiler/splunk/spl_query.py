"""Checks one search: brackets, macros, commands, options, functions, lookups and fields.

Not a model of what Splunk does, but of what it refuses or silently takes for empty: a macro that is
not there, a field that nothing before gave, a function with an argument too few.

Example: `Checker(names).problems("| stats sum(cout) by x | where coutn>1")` names `coutn`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional

from .spl_words import (
    AGGREGATES,
    COMMANDS,
    CUSTOM,
    FUNCTIONS,
    GENERATING,
    KEYWORDS,
    OF_ANY_EVENT,
    OF_ENTITIES,
    OF_FINDINGS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Fields = Optional["frozenset[str]"]  # None: raw events, whose fields nobody knows
_PAIRS = {")": "(", "]": "[", "}": "{"}
_MACRO = re.compile(r"`([^`]*)`")
_CALL = re.compile(r"([A-Za-z_]\w*)(?:\((.*)\))?", re.DOTALL)
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"' r"|'[^']*'" r"|\$[\w.]+\$" r"|[A-Za-z_][\w.{}]*" r"|\d+(?:\.\d+)?"
    r"|[<>=!]=?|\|\||[-+*/%.(),]" r"|\S"
)  # fmt: skip
_OPTION = re.compile(r'([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|\S+)')
_DEEPEST = 10


@dataclass(frozen=True)
class Names:
    """What a search may refer to: macros with their definitions, lookups with their columns."""

    macros: Mapping[str, str]
    lookups: Mapping[str, frozenset[str]]
    detections: frozenset[str]
    commands: frozenset[str] = frozenset(CUSTOM)


@dataclass
class Checker:
    """Checks searches against the names of one add-on."""

    names: Names
    found: list[str] = field(default_factory=list)

    def problems(self, query: str) -> list[str]:
        """Return what is wrong with a search, [] if nothing is."""
        self.found = []
        expanded = self._expanded(query)
        if not self.found:
            self.found += unbalanced(expanded)
        if not self.found:
            self._pipeline(expanded)
        return list(dict.fromkeys(self.found))

    def _note(self, text: str) -> None:
        self.found.append(text)

    def _expanded(self, query: str, depth: int = 0) -> str:
        if query.count("`") % 2:
            self._note("a backtick has no partner")
            return query
        if depth > _DEEPEST:
            self._note("macros lead in a circle")
            return query

        def put(match: re.Match[str]) -> str:
            call = _CALL.fullmatch(match[1].strip())
            given = split_at(call[2], ",") if call and call[2] is not None else []
            name = f"{call[1]}({len(given)})" if call and given else match[1].strip()
            if name not in self.names.macros:
                self._note(f"there is no macro `{name}`")
                return "_"
            return self._expanded(self.names.macros[name], depth + 1)

        return _MACRO.sub(put, query)

    def _pipeline(self, query: str) -> Fields:
        segments = split_at(query, "|")
        known: Fields = None
        for number, segment in enumerate(segments):
            text = segment.strip()
            if not text:
                if number or len(segments) == 1:
                    self._note("there is an empty command between two pipes")
                continue
            first = not any(part.strip() for part in segments[:number])
            piped = number > 0
            word = re.match(r"[A-Za-z_]\w*", text)
            if first and not piped:
                known = self._search(text)
                continue
            name = word[0] if word else text.split()[0]
            known = self._command(name, text[len(name) :].strip(), known, first=first)
        return known

    def _search(self, text: str) -> Fields:
        for inner in subsearches(text):
            self._pipeline(inner.removeprefix("search ").strip())
        if 'sourcetype="flowtrap:finding"' in text and " OR " not in text:
            return OF_ANY_EVENT | OF_FINDINGS
        return None

    def _command(self, name: str, rest: str, known: Fields, *, first: bool) -> Fields:
        if name in CUSTOM and name in self.names.commands:
            return self._custom(name, rest)
        if name not in COMMANDS:
            self._note(f"there is no command {name}")
            return None
        if first and name not in GENERATING:
            self._note(f"{name} cannot begin a search")
        if name in GENERATING and not first and not re.search(r"append=(true|t|1)\b", rest):
            self._note(f"{name} must begin a search, or append")
        method = getattr(self, f"_do_{name}", None)
        if method is None:
            return known
        result: Fields = method(self._without_options(name, rest), rest, known)
        return result

    def _without_options(self, name: str, rest: str) -> str:
        """Return what follows a command without its options, each of which must be known."""
        if name in ("eval", "where", "search", "stats", "tstats", "timechart", "streamstats"):
            return rest
        kept = rest
        for match in _OPTION.finditer(rest):
            if match[1] not in COMMANDS[name]:
                self._note(f"{name} has no option {match[1]}")
            kept = kept.replace(match[0], "", 1)
        return kept.strip()

    def _custom(self, name: str, rest: str) -> Fields:
        left = _OPTION.sub("", rest).strip()
        if left:
            self._note(f"{name} does not take {left!r}")
        for match in _OPTION.finditer(rest):
            if match[1] not in CUSTOM[name]:
                self._note(f"{name} has no option {match[1]}")
            if match[1] == "detection" and match[2] not in self.names.detections:
                self._note(f"there is no detection {match[2]}")
        if "detection=" not in rest:
            self._note(f"{name} needs detection=")
        return OF_FINDINGS | OF_ENTITIES | {"_time", "_raw"}

    # --- fields -------------------------------------------------------------------------------

    def _ask(self, name: str, known: Fields) -> None:
        name = name.strip().strip("'\"")
        if known is None or not name or name.startswith("$") or "*" in name:
            return
        if name not in known:
            self._note(f"nothing before gives the field {name}")

    def _give(self, known: Fields, *names: str) -> Fields:
        return None if known is None else known | {name.strip("'\"") for name in names}

    def _words(self, text: str) -> list[str]:
        return [word for word in re.split(r"[,\s]+", text) if word]

    def _do_search(self, text: str, _: str, known: Fields) -> Fields:
        for match in re.finditer(r"([A-Za-z_][\w.]*)\s*(?:!=|=|\bIN\b)", text):
            self._ask(match[1], known)
        return known

    def _do_eval(self, text: str, _: str, known: Fields) -> Fields:
        for part in split_at(text, ","):
            name, sign, expression = part.partition("=")
            if not sign or not re.fullmatch(r"\s*[A-Za-z_]\w*\s*", name):
                self._note(f"eval {part.strip()!r} is no assignment")
                continue
            self._expression(expression, known, FUNCTIONS)
            known = self._give(known, name.strip())
        return known

    def _do_where(self, text: str, _: str, known: Fields) -> Fields:
        self._expression(text, known, FUNCTIONS)
        return known

    def _do_fields(self, text: str, _: str, known: Fields) -> Fields:
        if text.startswith("-"):
            return None if known is None else known - frozenset(self._words(text[1:]))
        return self._keep(text.removeprefix("+"), known)

    def _do_table(self, text: str, _: str, known: Fields) -> Fields:
        return self._keep(text, known)

    def _keep(self, text: str, known: Fields) -> Fields:
        words = self._words(text)
        if not words:
            self._note("a list of fields is empty")
        for word in words:
            self._ask(word, known)
        return frozenset(words)

    def _do_sort(self, text: str, _: str, known: Fields) -> Fields:
        words = [word for word in self._words(text) if word not in ("-", "+") and word != "0"]
        for word in words:
            if not word.isdigit():
                self._ask(word.lstrip("+-"), known)
        return known

    def _do_dedup(self, text: str, _: str, known: Fields) -> Fields:
        for word in self._words(text):
            self._ask(word, known)
        return known

    def _do_mvexpand(self, text: str, _: str, known: Fields) -> Fields:
        self._ask(text, known)
        return known

    def _do_spath(self, text: str, rest: str, known: Fields) -> Fields:
        options: dict[str, str] = {m[1]: m[2] for m in _OPTION.finditer(rest)}
        if "input" in options:
            self._ask(options["input"], known)
            return self._give(known, *_MEMBERS)
        if "path" in options:
            self._ask(options["path"].partition("{")[0].partition(".")[0], known)
        return self._give(known, options.get("output", options.get("path", "_raw")))

    def _do_lookup(self, text: str, _: str, known: Fields) -> Fields:
        words = self._words(text)
        columns = self._lookup(words[0] if words else "")
        outputs = False
        for word in words[1:]:
            if word.upper() in ("OUTPUT", "OUTPUTNEW"):
                outputs = True
            elif word.upper() == "AS":
                self._note("lookup with AS is not modelled: name fields alike")
            else:
                if columns and word not in columns:
                    self._note(f"lookup {words[0]} has no column {word}")
                if outputs:
                    known = self._give(known, word)
                else:
                    self._ask(word, known)
        return known

    def _do_inputlookup(self, text: str, rest: str, known: Fields) -> Fields:
        columns = self._lookup(text.split()[0] if text else "")
        return columns | (known or frozenset()) if columns else known

    def _lookup(self, name: str) -> frozenset[str]:
        if name not in self.names.lookups:
            self._note(f"there is no lookup {name}")
        return self.names.lookups.get(name, frozenset())

    def _do_stats(self, text: str, _: str, known: Fields) -> Fields:
        return self._aggregated(text, known)

    def _do_streamstats(self, text: str, _: str, known: Fields) -> Fields:
        given = self._aggregated(text, known)
        return None if known is None or given is None else known | given

    def _do_timechart(self, text: str, _: str, known: Fields) -> Fields:
        text = re.sub(r"\b(span|bins|limit|useother|usenull)=\S+", "", text)
        self._ask("_time", known)
        self._aggregated(text, known)
        return None  # a column for each value

    def _do_tstats(self, text: str, _: str, known: Fields) -> Fields:
        body, _, by = _partition(text, "by")
        body, _, where = _partition(body, "where")
        if "|" in where:
            self._note("tstats where takes indexed fields only")
        by = re.sub(r"\bspan=\S+", "", by)
        return self._aggregated(f"{body} by {by}" if by else body, None)

    def _aggregated(self, text: str, known: Fields) -> Fields:
        body, _, by = _partition(text, "by")
        groups = self._words(by)
        for group in groups:
            self._ask(group, known)
        given: set[str] = set(groups)
        pattern = re.compile(
            r"([A-Za-z]\w*)(\((?:[^()]|\([^()]*\))*\))?(?:\s+as\s+(\S+?),?(?=\s|$))?"
        )
        position = 0
        while position < len(body.strip()):
            rest = body.strip()[position:]
            match = pattern.match(rest)
            if not match:
                self._note(f"{rest[:30]!r} is no aggregation")
                break
            self._aggregate(match[1], (match[2] or "")[1:-1], known, called=match[2] is not None)
            given.add(match[3] or f"{match[1]}{match[2] or ''}")
            skipped = re.match(r"[,\s]*", rest[match.end() :])
            position += match.end() + (skipped.end() if skipped else 0)
        return frozenset(given)

    def _aggregate(self, name: str, inner: str, known: Fields, *, called: bool) -> None:
        arity = AGGREGATES.get(name)
        if arity is None:
            self._note(f"there is no aggregation {name}")
            return
        if not called and arity[0]:
            self._note(f"{name} needs a field")
        evaluated = re.fullmatch(r"eval\((.*)\)", inner.strip(), re.DOTALL)
        if evaluated:
            self._expression(evaluated[1], known, FUNCTIONS)
        elif inner.strip():
            self._ask(inner, known)
        elif called and arity[0]:
            self._note(f"{name} needs a field")

    def _expression(
        self, text: str, known: Fields, functions: Mapping[str, tuple[int, int]]
    ) -> None:
        tokens = _TOKEN.findall(text)
        if not tokens:
            self._note("an expression is empty")
        last_operand = False
        for number, token in enumerate(tokens):
            following = tokens[number + 1] if number + 1 < len(tokens) else ""
            is_word = re.match(r"[A-Za-z_]", token) is not None
            if is_word and following == "(" and token.lower() not in ("and", "or", "not"):
                self._call(token, tokens[number + 1 :], functions)
                operand = False
            elif is_word and token.lower() in KEYWORDS:
                operand = False
            else:
                operand = is_word or token[0] in "\"'$" or token[0].isdigit()
                if is_word or token[0] == "'":
                    self._ask(token, known)
                if operand and last_operand:
                    self._note(f"an operator is missing before {token}")
            last_operand = operand
        if tokens and tokens[-1] in (
            "=",
            "==",
            "!=",
            ">",
            "<",
            ">=",
            "<=",
            "+",
            "-",
            "*",
            "/",
            ".",
        ):
            self._note(f"an expression ends with {tokens[-1]}")

    def _call(self, name: str, tokens: list[str], functions: Mapping[str, tuple[int, int]]) -> None:
        if name not in functions:
            self._note(f"there is no function {name}")
            return
        depth, commas, inside = 0, 0, 0
        for token in tokens:
            depth += {"(": 1, ")": -1}.get(token, 0)
            if depth == 0:
                break
            commas += depth == 1 and token == ","
            inside += not (depth == 1 and token == "(")
        count = commas + 1 if inside else 0
        least, most = functions[name]
        if not least <= count <= most:
            self._note(f"{name} takes {least} to {most} arguments, not {count}")


_MEMBERS = ("stage", "time", "event_id", "feed", "action", "actor", "summary", "type", "value")


def _partition(text: str, word: str) -> tuple[str, str, str]:
    found = re.split(rf"\b{word}\b", text, maxsplit=1, flags=re.IGNORECASE)
    return (found[0], word, found[1]) if len(found) == 2 else (text, "", "")


def unbalanced(text: str) -> list[str]:
    """Return what is wrong with quotes and brackets."""
    open_ones: list[str] = []
    quoted = False
    position = 0
    while position < len(text):
        letter = text[position]
        if quoted and letter == "\\":
            position += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in _PAIRS.values():
            open_ones.append(letter)
        elif (
            not quoted and letter in _PAIRS and (not open_ones or open_ones.pop() != _PAIRS[letter])
        ):
            return [f"{letter} has no partner"]
        position += 1
    if quoted:
        return ["a quote is not closed"]
    return [f"{open_ones[-1]} is not closed"] if open_ones else []


def split_at(text: str, mark: str) -> list[str]:
    """Split at a mark that stands in no quotes and no brackets."""
    parts, depth, quoted, start, position = [], 0, False, 0, 0
    while position < len(text):
        letter = text[position]
        if quoted and letter == "\\":
            position += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "([":
            depth += 1
        elif not quoted and letter in ")]":
            depth -= 1
        elif not quoted and not depth and letter == mark:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]


def subsearches(text: str) -> list[str]:
    """Return the searches in square brackets."""
    found, depth, quoted, start = [], 0, False, 0
    for position, letter in enumerate(text):
        if letter == '"' and text[position - 1 : position] != "\\":
            quoted = not quoted
        elif not quoted and letter == "[":
            depth += 1
            start = position + 1 if depth == 1 else start
        elif not quoted and letter == "]":
            depth -= 1
            if depth == 0:
                found.append(text[start:position])
    return found

"""The small language of the mail templates, as docs/notifications.md describes it. Knows no mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from string import Template

from tlp.errors import ConfigError

Value = str | list[str]
_CONDITION = re.compile(r"\?(\w+) ?(.*)")


def fill(text: str, values: Mapping[str, Value], escape: Callable[[str], str] = str, name: str = "") -> str:
    """Fill a template in: `$name` is the value, escaped; a line with a list stands once for each of its items.

    A line that begins with `?name ` stands only where there is such a value. Raises ConfigError naming template `name`
    and line.
    """
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        condition = _CONDITION.match(line)
        try:
            if condition and not values[condition[1]]:
                continue
            lines += _filled(condition[2] if condition else line, values, escape)
        except KeyError as error:
            known = ", ".join(sorted(values))
            raise ConfigError(f"mail template {name}, line {number}: there is no {error}, but {known}") from error
        except ValueError as error:
            raise ConfigError(f"mail template {name}, line {number}: {error}") from error
    return "\n".join(lines) + "\n"


def _filled(line: str, values: Mapping[str, Value], escape: Callable[[str], str]) -> list[str]:
    template = Template(line)
    names = template.get_identifiers()
    texts = {each: escape(value) for each in names if isinstance(value := values[each], str)}
    lists = {each: value for each in names if isinstance(value := values[each], list)}
    if not lists:
        return [template.substitute(texts)]
    rows = zip(*lists.values(), strict=False)
    return [template.substitute(texts, **dict(zip(lists, map(escape, row), strict=True))) for row in rows]

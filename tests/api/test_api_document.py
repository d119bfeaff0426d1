"""docs/api.md tells of every interface and parameter that is served."""

from __future__ import annotations

from pathlib import Path

from api.params import COMMON
from api.routes import served

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
HEAD, *_ = TEXT.split("\n## /")
SECTIONS = {section.split("\n")[0]: section for section in TEXT.split("\n## /")[1:]}


def test_every_interface_has_a_section_with_a_command_for_each_family() -> None:
    commands = [line for line in TEXT.splitlines() if line.startswith("curl ")]
    for family, interface in served():
        address = f'"$B/{family.path}/{interface.name}'
        shown = [line for line in commands if f"{address}?" in line or f'{address}"' in line]
        assert shown, address
        assert shown[0] in SECTIONS[interface.name]


def test_every_parameter_is_named_where_it_is_used() -> None:
    for _, interface in served():
        section = SECTIONS[interface.name]
        missing = [p.name for p in interface.own_params if p.name != "hash" and f"`{p.name}`" not in section]
        assert missing == [], interface.name
    assert [param.name for param in COMMON if f"`{param.name}`" not in HEAD] == []

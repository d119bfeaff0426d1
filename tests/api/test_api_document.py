"""docs/api.md tells of every interface and parameter that is served."""

from __future__ import annotations

from pathlib import Path

from api.params import COMMON
from api.routes import FAMILIES, INTERFACES

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
HEAD, *_ = TEXT.split("\n## /")
SECTIONS = {section.split("\n")[0]: section for section in TEXT.split("\n## /")[1:]}


def test_every_interface_has_a_section_with_a_command() -> None:
    for family in FAMILIES:
        for interface in INTERFACES:
            assert f'curl "$B/{family.path}/{interface.name}' in SECTIONS[f"{family.path}/{interface.name}"] or (
                "curl -o" in SECTIONS[f"{family.path}/{interface.name}"]
            )


def test_every_parameter_is_named_where_it_is_used() -> None:
    for interface in INTERFACES:
        section = SECTIONS[f"speech/{interface.name}"]
        missing = [p.name for p in interface.own_params if p.name != "hash" and f"`{p.name}`" not in section]
        assert missing == [], interface.name
    assert [param.name for param in COMMON if f"`{param.name}`" not in HEAD] == []

"""What every interface may use, made once at start."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.database import Database
from api.kept_texts import KeptIds, KeptTexts
from api.known_users import KnownUsers
from api.locations import Locations
from api.reference import Reference
from tlp.config import Config


@dataclass(frozen=True)
class Services:
    config: Config
    database: Database
    reference: Reference
    locations: Locations
    users: KnownUsers = field(default_factory=KnownUsers)
    texts: KeptTexts = field(default_factory=KeptTexts)
    ids: KeptIds = field(default_factory=KeptIds)

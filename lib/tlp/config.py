"""The configuration: `config.ini.example` gives every key its default, the site's file overrides, types come from here.

One frozen dataclass a section; a key that no dataclass has, or a value of the wrong type, is a ConfigError.
It is read once at start and passed on; nothing else in the project reads a configuration file of the services.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_type_hints

from configobj import ConfigObj

from tlp import config_file
from tlp.errors import ConfigError
from tlp.readability import Rules
from tlp.readability.rules import all_small_words
from tlp.strict_json import JsonLimits

DEFAULTS = Path(__file__).resolve().parents[2] / "config.ini.example"


@dataclass(frozen=True)
class General:
    hostname: str
    tl_user: str
    tl_group: str
    rm_finished_up_days: int
    rm_error_up_days: int
    rm_backup_days: int
    rm_orphan_days: int
    rm_notifications_days: int
    local_repository: bool
    log_level: str


@dataclass(frozen=True)
class Storage:
    db_name: str
    db_user: str
    db_passwd: str = field(repr=False)
    db_host: str = ""
    db_port: int = 5432


@dataclass(frozen=True)
class Authentication:
    key_generator: str = field(repr=False)
    max_key_lifetime: int = 43200
    millisecond_expire: bool = False
    cap_ambiguous_confidence: bool = True


@dataclass(frozen=True)
class MediaUrls:
    use_urls: bool
    base_url: str
    lifetime: int


@dataclass(frozen=True)
class Limits:
    max_body: int
    max_package: int
    max_json_depth: int
    max_list: int
    max_package_files: int
    max_package_ratio: int

    @property
    def json(self) -> JsonLimits:
        """Those of the JSON in requests."""
        return JsonLimits(self.max_json_depth, self.max_list)


@dataclass(frozen=True)
class Misc:
    html_msg: str
    demo_user: str


@dataclass(frozen=True)
class Core:
    poll_interval: int
    max_attempts: int
    retry_delay: int
    lost_grace: int
    part_seconds: int
    part_sentences: int
    max_parts: int
    part_attempts: int
    services: int


_PROGRAMS = {"gridengine": ("qstat", "qsub"), "slurm": ("squeue", "sbatch")}  # by how their names begin
_OF_CLUSTERS = (
    "localhost", "status_cmd", "submit_scr", "submit_opts", "queue", "queue_asr", "queue_mt", "queue_tts",
    "queue_media", "memory_option", "gpu_option", "notify_command", "ssh_host", "stage_folder",
)  # fmt: skip


@dataclass(frozen=True)
class Scheduler:
    kind: str
    slots: int
    localhost: str
    status_cmd: str
    submit_scr: str
    submit_opts: str
    job_name_prefix: str
    max_jobs: int
    max_jobs_per_user: int
    queue: str
    queue_asr: str
    queue_mt: str
    queue_tts: str
    queue_media: str
    parallel_environment: str
    memory_option: str
    gpu_option: str
    notify_command: str
    ssh_host: str
    ssh_port: int
    ssh_user: str
    ssh_key: str
    ssh_known_hosts: str
    stage_folder: str

    def __post_init__(self) -> None:
        if not self.kind:  # the configuration of the manual has no such key, for it knows nothing but clusters
            object.__setattr__(self, "kind", self._meant())

    def _meant(self) -> str:
        programs = [Path(command.split()[0]).name for command in (self.status_cmd, self.submit_scr) if command.strip()]
        return next((kind for name in programs for kind, known in _PROGRAMS.items() if name.startswith(known)), "local")

    @property
    def ignored(self) -> str:
        """Words about keys of a cluster that are set although all jobs run on this machine; empty: there are none."""
        keys = [key for key in _OF_CLUSTERS if getattr(self, key)] if self.kind == "local" else []
        if not keys:
            return ""
        unused = f"{', '.join(keys)} {'is' if len(keys) == 1 else 'are'} not used"
        return f"[scheduler] all jobs run on this machine and {unused}; for a cluster: kind = slurm, or gridengine"


@dataclass(frozen=True)
class Systems:
    models: str
    disabled: list[str]


@dataclass(frozen=True)
class Sessions:
    commit_confidence: int
    inactivity: int
    enabled: bool
    author_id: str
    author_name: str
    author_conf: int


@dataclass(frozen=True)
class Mailing:
    enabled: bool
    smtp_server: str
    from_address: str
    to_address: str
    send_client_started_mail: bool
    send_client_error_mail: bool
    send_client_finished_mail: bool
    send_admin_started_mail: bool
    admin_address_started: str
    send_admin_error_mail: bool
    admin_address_error: str
    send_admin_finished_mail: bool
    admin_address_finished: str
    smtp_port: int
    smtp_security: Literal["none", "starttls", "tls"]
    smtp_user: str
    smtp_password: str = field(repr=False)
    templates: str = ""
    link_url: str = ""


@dataclass(frozen=True)
class Callbacks:
    allow_private: bool
    timeout: int


@dataclass(frozen=True)
class FileFormats:
    max_audio_track_length: int
    generate_pcm_stream: bool
    required_video_formats: list[str]
    allowed_video_formats: list[str]
    allowed_audio_formats: list[str]
    allowed_slides_text_formats: list[str]
    allowed_slides_video_formats: list[str]
    allowed_docs_formats: list[str]
    allowed_caption_formats: list[str]
    allowed_thumbnail_formats: list[str]
    allowed_packages: list[str]

    def __post_init__(self) -> None:
        if self.allowed_packages != ["zip"]:
            raise ConfigError("[file_formats] allowed_packages: zip is the only kind of package there is")


@dataclass(frozen=True)
class Documents:
    min_translated_share: float
    office_converter: str
    convert_timeout: int


@dataclass(frozen=True)
class Downloads:
    allow_private: bool
    max_size: int
    timeout: int


@dataclass(frozen=True)
class TextRetrieval:
    enabled: bool
    module_path: str
    search_url: str
    search_results: int
    search_timeout: int
    earlier_lectures: int


@dataclass(frozen=True)
class Hallucinations:
    action: Literal["remove", "mark", "off"]
    low_confidence: int
    silence: int
    repeats: int
    phrases: str


@dataclass(frozen=True)
class Readability:
    enabled: bool
    line_chars: int
    lines: int
    chars_a_second: int
    shortest: int
    longest: int
    pause: int
    gap: int
    languages: list[str]

    def __post_init__(self) -> None:
        for language in ("", *(item.partition(".")[0] for item in self.languages)):
            self.rules(language)

    def rules(self, language: str) -> Rules:
        """Those of a language. Raises ConfigError for what no caption can fulfil, or an entry that is no rule."""
        numbers = {item.name: getattr(self, item.name) for item in fields(Rules)}
        for entry in self.languages:
            key, _, value = entry.partition("=")
            lang, _, name = key.strip().partition(".")
            if name not in numbers or not value.strip().isdecimal():
                raise ConfigError(f"[readability] languages: '{entry}' must be like ja.line_chars=16")
            if lang == language:
                numbers[name] = int(value)
        if min(numbers.values()) < 1 or numbers["longest"] < numbers["shortest"]:
            raise ConfigError("[readability]: the numbers must be above 0, and longest not below shortest")
        return Rules(**numbers)

    def for_player(self) -> dict[str, Any]:
        """What a page needs to break captions into the same lines (player/js/lines.js), as JSON."""
        languages = {entry.partition(".")[0].strip() for entry in self.languages}
        widths = {language: {"line_chars": self.rules(language).line_chars} for language in sorted(languages)}
        return {"line_chars": self.line_chars, "languages": widths, "small_words": all_small_words()}


@dataclass(frozen=True)
class Data:
    audio_background_img: str
    test_thumbnail_img: str


@dataclass(frozen=True)
class Config:
    """Every section of the configuration; the attribute is the section's name."""

    path: Path
    general: General
    storage: Storage
    authentication: Authentication
    media_urls: MediaUrls
    limits: Limits
    misc: Misc
    core: Core
    scheduler: Scheduler
    systems: Systems
    sessions: Sessions
    mailing: Mailing
    callbacks: Callbacks
    file_formats: FileFormats
    documents: Documents
    downloads: Downloads
    text_retrieval_module: TextRetrieval
    hallucinations: Hallucinations
    readability: Readability
    data: Data
    url_decoders: dict[str, str]


def load(path: str | Path | None = None) -> Config:
    """Read the configuration at `path`, else the file TLP_CONFIG names. Raises ConfigError in words."""
    chosen = path or os.environ.get("TLP_CONFIG")
    if not chosen:
        raise ConfigError("no configuration: give --config-file, or set TLP_CONFIG")
    merged = config_file.read(DEFAULTS)
    site = config_file.read(Path(chosen))
    _refuse_unknown(site, merged, Path(chosen))
    merged.merge(site)
    hints = get_type_hints(Config)
    sections: dict[str, Any] = {}
    for name, kind in hints.items():
        if name == "path":
            continue
        values = merged.get(name, {})
        if name == "url_decoders":
            sections[name] = {host: config_file.text(value) for host, value in values.items()}
        else:
            sections[name] = config_file.section(kind, name, values, Path(chosen))
    return Config(path=Path(chosen), **sections)


def _refuse_unknown(site: ConfigObj, known: ConfigObj, path: Path) -> None:
    for section, values in site.items():
        if section not in known:
            raise ConfigError(f"{path}: [{section}] is no section of the configuration; see {DEFAULTS.name}")
        if section == "url_decoders":
            continue
        for key in values:
            if key not in known[section]:
                raise ConfigError(f"{path}: [{section}] {key} is no key of the configuration; see {DEFAULTS.name}")

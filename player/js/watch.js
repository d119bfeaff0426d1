/** One lecture: the video, the choice of subtitles and voices, the transcript, the downloads. DOM only. */

import { clock, languageName } from "./details.js";
import { OFF } from "./store.js";
import { Transcript } from "./transcript.js";
import { Player } from "./video.js";

// The `format` of /speech/get (manual, Appendix E) and the end of the file's name.
const FORMATS = [
  ["SRT", 2, "srt"],
  ["WebVTT", 3, "vtt"],
  ["DFXP", 0, "dfxp"],
  ["Text", 4, "txt"],
];
const VTT = 3;

export class Watch {
  #store;
  #api;
  #part;
  #player;
  #transcript;
  #retried = new Set(); // parts that were asked for again with a new key
  #resume = 0;

  /** `root`: the element that holds it all. */
  constructor(root, store, api) {
    [this.#store, this.#api] = [store, api];
    this.#part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.#player = new Player(this.#part("video"), this.#part("audio"));
    this.#transcript = new Transcript(this.#part("transcript"), (seconds) => this.#player.seek(seconds));
    this.#listen(root);
  }

  #listen(root) {
    this.#player.addEventListener("cues", ({ detail }) => this.#transcript.show(detail.language, detail.cues));
    this.#player.addEventListener("cue", ({ detail }) => this.#transcript.mark(detail));
    this.#player.addEventListener("subtitles", ({ detail }) => this.#store.showSubtitles(detail));
    this.#player.addEventListener("trouble", ({ detail }) => this.#trouble(detail));
    this.#part("again").addEventListener("click", () => this.#again());
    this.#part("subtitles").addEventListener("change", (event) => this.#store.showSubtitles(event.target.value));
    this.#part("voices").addEventListener("change", (event) => this.#store.hear(Number(event.target.value) || null));
    document.addEventListener("keydown", (event) => !root.hidden && this.#key(event));
  }

  /** Draw what changed. */
  draw(state, changed) {
    if (changed.has("open")) this.#heading(state);
    if (changed.has("open") || changed.has("details")) this.#media(state);
    if (changed.has("details") || changed.has("keys")) this.#downloads(state);
    if (changed.has("subtitles") || changed.has("text") || changed.has("details")) this.#subtitles(state);
    if (changed.has("voice") || changed.has("details")) this.#voice(state);
    if (changed.has("problem") || changed.has("details")) this.#problem(state);
  }

  #heading({ open }) {
    this.#part("title").textContent = open?.title ?? "";
    this.#part("title").lang = open?.language ?? "";
    this.#part("about").textContent = "";
    this.#resume = 0;
    this.#retried.clear();
  }

  #media({ open, details }) {
    this.#transcript.clear();
    if (!details) return this.#player.close();
    const length = open.duration === null ? [] : [clock(open.duration)];
    this.#part("about").textContent = [...details.speakers, languageName(open.language), ...length].join(" · ");
    const tracks = details.languages.map((one) => ({ ...one, url: this.#text(open, one.code, VTT) }));
    this.#player.open(details.media, details.poster, tracks, this.#api.captions, this.#resume);
    const languages = details.languages.map((one) => ({ value: one.code, label: one.name, lang: one.code }));
    choices(this.#part("subtitles"), "subtitles", [{ value: OFF, label: "Off", lang: "en" }, ...languages]);
    const own = { value: "", label: `Original (${languageName(open.language, details.languages)})`, lang: "en" };
    const voices = details.voices.map((one) => ({ value: String(one.id), label: one.label, lang: "" }));
    choices(this.#part("voices"), "voice", [own, ...voices]);
    this.#part("voices").hidden = !voices.length;
  }

  #subtitles({ details, subtitles, text }) {
    const none = details && !details.languages.length;
    this.#part("empty").hidden = !none;
    this.#part("subtitles").hidden = Boolean(none);
    if (!details) return;
    this.#transcript.clear();
    check(this.#part("subtitles"), subtitles);
    this.#player.subtitles(subtitles, text);
  }

  #voice({ open, details, voice }) {
    if (!details) return;
    check(this.#part("voices"), voice === null ? "" : String(voice));
    const chosen = details.voices.find((one) => one.id === voice);
    this.#player.hear(chosen ? this.#sound(open, chosen) : null);
  }

  #downloads({ open, details }) {
    const rows = (details?.languages ?? []).map((language) => this.#files(open, details, language));
    this.#part("downloads").replaceChildren(...rows);
    this.#part("files").hidden = !rows.length;
  }

  #files(lecture, details, { code, name, status }) {
    const voices = details.voices.filter((one) => one.code === code);
    const [row, heading, note, links] = ["li", "h3", "small", "div"].map((tag) => document.createElement(tag));
    Object.assign(heading, { textContent: name, lang: code });
    note.textContent = status;
    for (const [label, format, end] of FORMATS)
      links.append(link(label, this.#text(lecture, code, format), `${lecture.id}.${code}.${end}`, name));
    for (const voice of voices) {
      const label = voice.format.toUpperCase() + (voices.length > 1 ? ` (${voice.kind})` : "");
      links.append(link(label, this.#sound(lecture, voice), `${lecture.id}.${code}.${voice.format}`, voice.label));
    }
    row.append(heading, note, links);
    return row;
  }

  #problem({ problem, details }) {
    this.#part("problem").hidden = !problem;
    this.#part("words").textContent = problem;
    this.#part("loading").hidden = Boolean(details || problem);
  }

  /** A part that fails may only have an old key: it is asked for once more with a new one. */
  async #trouble({ part, words }) {
    const { open, details, voice } = this.#store.state;
    if (!details) return;
    const first = !this.#retried.has(part);
    this.#retried.add(part);
    if (first && part === "video") return this.#again();
    const renewed = first && (await this.#store.renew(true));
    if (this.#store.state.details !== details) return;
    const chosen = details.voices.find((one) => one.id === voice);
    if (part === "voice") {
      if (renewed && chosen) return this.#player.hear(this.#sound(open, chosen));
      this.#store.hear(null);
      return this.#store.complain("The voice cannot be loaded: you hear the original again.");
    }
    if (renewed && part !== "video") return this.#player.reload(part, this.#text(open, part, VTT));
    this.#store.complain(words);
  }

  #again() {
    this.#resume = this.#player.time || this.#resume;
    this.#store.open(this.#store.state.open.id, true);
  }

  /** Space and arrows work on the video from anywhere that does not need them itself. */
  #key(event) {
    if (event.target !== document.body || event.ctrlKey || event.altKey || event.metaKey) return;
    const acts = {
      " ": () => this.#player.toggle(),
      ArrowLeft: () => this.#player.seek(this.#player.time - 5),
      ArrowRight: () => this.#player.seek(this.#player.time + 5),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  #text(lecture, lang, format) {
    return this.#api.url(lecture.id, "get", { lang, format });
  }

  #sound(lecture, voice) {
    return this.#api.url(lecture.id, "audiotrack", { lang: voice.code, aid: voice.id });
  }
}

/** Fill a fieldset with radio buttons: [{value, label, lang}]. */
function choices(fieldset, name, options) {
  const labels = options.map(({ value, label, lang }) => {
    const element = document.createElement("label");
    const input = document.createElement("input");
    const words = document.createElement("span");
    Object.assign(input, { type: "radio", name, value });
    Object.assign(words, { textContent: label, lang });
    element.append(input, words);
    return element;
  });
  fieldset.querySelector("div").replaceChildren(...labels);
}

function check(fieldset, value) {
  for (const input of fieldset.querySelectorAll("input")) input.checked = input.value === value;
}

function link(label, url, file, about) {
  const anchor = document.createElement("a");
  Object.assign(anchor, { href: url, download: file, textContent: label });
  anchor.setAttribute("aria-label", `${label}, ${about}`);
  return anchor;
}

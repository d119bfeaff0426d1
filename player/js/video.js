/** Drives the media elements: the video, its subtitle tracks and a voice. Knows nothing of the page around them. */

import { broken } from "./lines.js";
import { Voice } from "./voice.js";

const TYPES = { mp4: "video/mp4", m4v: "video/mp4", webm: "video/webm", ogv: "video/ogg", mp3: "audio/mpeg" };
// Milliseconds after tracks have come in which a browser may show one that it thinks best; if ours is there, one more.
const SETTLE = 50;
const VIDEO_ERRORS = {
  2: "The connection broke while the video was being loaded.",
  3: "The video file is damaged.",
  4: "The video cannot be loaded: it is missing, its link has ended, or this browser does not play its format.",
};

export class Player extends EventTarget {
  #video;
  #voice;
  #tracks = new Map(); // language code to its track element
  #text = ""; // the language whose cues are followed
  #shown = "";
  #settling = 0;
  #rules = null;

  /**
   * Events, with `detail`: `cues` {language, cues} once they are there, `cue` the current one or null,
   * `subtitles` the language that was chosen in the browser's own menu, `trouble` {part, words}:
   * part is "video", "voice" or the language of subtitles.
   */
  constructor(video, audio) {
    super();
    this.#video = video;
    this.#voice = new Voice(video, audio, () => this.#tell("trouble", { part: "voice", words: "" }));
    video.addEventListener("error", () => this.#videoError());
    video.textTracks.addEventListener("change", () => this.#menuChoice());
  }

  get time() {
    return this.#video.currentTime;
  }

  /**
   * `media`: [{format, url}]; `tracks`: [{code, name, url}]; `rules`: of lines.js, or null. Begins at `time` seconds,
   * paused.
   */
  open(media, poster, tracks, rules, time = 0) {
    this.close();
    this.#rules = rules;
    const chosen = media.find((file) => this.#video.canPlayType(TYPES[file.format] ?? "")) ?? media[0];
    if (poster) this.#video.poster = poster;
    for (const track of tracks) this.#addTrack(track);
    this.#settling = setTimeout(() => this.#settled(), SETTLE);
    if (!chosen) return;
    if (time) this.#video.addEventListener("loadedmetadata", () => this.seek(time), { once: true });
    this.#video.src = chosen.url;
  }

  close() {
    this.#voice.stop();
    clearTimeout(this.#settling);
    this.#tracks.forEach((track) => track.remove());
    this.#tracks.clear();
    this.#text = this.#shown = "";
    this.#video.pause();
    this.#video.removeAttribute("poster");
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  /** Follow the cues of `text`, and paint those of `shown` ("": none). The two are the same or `shown` is "". */
  subtitles(shown, text) {
    [this.#shown, this.#text] = [shown, text];
    if (!this.#settling) this.#setModes();
    if (this.#tracks.get(text)?.readyState === HTMLTrackElement.LOADED) this.#cues(text);
  }

  /** Load the subtitles of a language from a new address. */
  reload(code, url) {
    const track = this.#tracks.get(code);
    if (track) track.src = `${url}#again`; // an address that is the same to the letter would not be asked
  }

  /** Hear the track at `url`; null is the video's own sound. */
  hear(url) {
    if (url) this.#voice.start(url);
    else this.#voice.stop();
  }

  seek(seconds) {
    const end = this.#video.duration || Infinity;
    this.#video.currentTime = Math.min(Math.max(0, seconds), end);
  }

  toggle() {
    if (this.#video.paused) this.#video.play().catch(() => {}); // what stops it is told by its error event
    else this.#video.pause();
  }

  #addTrack({ code, name, url }) {
    const element = document.createElement("track");
    Object.assign(element, { kind: "subtitles", srclang: code, label: name, src: url });
    element.addEventListener("load", () => {
      if (this.#rules) for (const cue of element.track.cues ?? []) breakLines(cue, this.#rules, code);
      if (code === this.#text) this.#cues(code);
    });
    element.addEventListener("error", () => {
      const words = `The subtitles in ${name} cannot be loaded.`;
      if (code === this.#text) this.#tell("trouble", { part: code, words });
    });
    element.track.addEventListener("cuechange", () => code === this.#text && this.#current(element.track));
    this.#tracks.set(code, element);
    this.#video.append(element);
  }

  #settled() {
    this.#settling = 0;
    this.#setModes();
  }

  #setModes() {
    for (const [code, { track }] of this.#tracks) {
      const mode = code === this.#shown ? "showing" : code === this.#text ? "hidden" : "disabled";
      if (track.mode !== mode) track.mode = mode;
    }
  }

  #cues(code) {
    const { track } = this.#tracks.get(code);
    this.#tell("cues", { language: code, cues: [...(track.cues ?? [])] });
    this.#current(track);
  }

  #current(track) {
    const active = track.activeCues ?? [];
    this.#tell("cue", active.length ? active[active.length - 1] : null);
  }

  #menuChoice() {
    const showing = [...this.#tracks].filter(([, { track }]) => track.mode === "showing").map(([code]) => code);
    if (this.#settling) return;
    if (showing.length > 1) return this.#setModes(); // no menu does that
    const code = showing[0] ?? "";
    if (code !== this.#shown) this.#tell("subtitles", code);
  }

  #videoError() {
    const words = VIDEO_ERRORS[this.#video.error?.code];
    if (words && this.#video.hasAttribute("src")) this.#tell("trouble", { part: "video", words });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Put the line breaks of the rules into a cue. One with markup of its own stays as it is. */
function breakLines(cue, rules, language) {
  if (cue.text.includes("<")) return;
  const text = cue.getCueAsHTML().textContent.replace(/\s+/g, " ").trim();
  const lines = broken(text, rules, language).join("\n");
  cue.text = lines.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

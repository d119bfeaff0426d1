/** The state of the page and everything that changes it. Knows no DOM: listeners draw what they are told. */

import { details, firstLanguage } from "./details.js";

export const OFF = "";
const ORIGINAL = null;

export class Store {
  #api;
  #listeners = new Set();
  #details = new Map();
  #preferred;
  #chosen; // the last choice of the person, kept from lecture to lecture

  /** `preferred`: language tags that the person reads, best first. */
  constructor(api, preferred) {
    this.#api = api;
    this.#preferred = preferred;
    this.state = {
      lectures: null, // null: not known yet
      failure: "", // why the list is not there
      open: null, // the lecture on show
      details: null, // of the lecture on show; null: not known yet
      problem: "", // what is wrong with the lecture on show
      subtitles: OFF, // language code of the subtitles on the picture
      text: OFF, // language code of the transcript: stays when the subtitles go
      voice: ORIGINAL, // id of the audio track that is heard
      keys: 0, // counts renewals: addresses made before are old
    };
  }

  /** Call `listener(state, changed names)` after every change. */
  subscribe(listener) {
    this.#listeners.add(listener);
  }

  #set(changes) {
    const changed = Object.keys(changes).filter((name) => changes[name] !== this.state[name]);
    this.state = { ...this.state, ...changes };
    if (changed.length) this.#listeners.forEach((listener) => listener(this.state, new Set(changed)));
  }

  /** Read the list. One that says what is known already changes nothing. */
  async load() {
    this.#set({ failure: "" });
    try {
      const found = await this.#api.lectures();
      const same = JSON.stringify(found) === JSON.stringify(this.state.lectures);
      this.#set({ lectures: same ? this.state.lectures : found, keys: this.state.keys + 1 });
    } catch (error) {
      this.#set({ failure: error.message });
    }
  }

  /** New keys when it is time, or `now`. False when the server did not give any. */
  async renew(now = false) {
    try {
      if (await this.#api.renew(now)) this.#set({ keys: this.state.keys + 1 });
      return true;
    } catch {
      return false; // whatever is asked for next says what is wrong
    }
  }

  /** Details of a lecture, asked for once; `again` when its links may be old. */
  details(lecture, again = false) {
    if (again || !this.#details.has(lecture.id)) {
      const asked = details(this.#api, lecture);
      asked.catch(() => this.#details.delete(lecture.id));
      this.#details.set(lecture.id, asked);
    }
    return this.#details.get(lecture.id);
  }

  /** Show a lecture. `again`: the same one with fresh links. */
  async open(id, again = false) {
    const lecture = this.state.lectures?.find((one) => one.id === id);
    const voice = again ? this.state.voice : ORIGINAL;
    if (!lecture) return this.#set({ open: { id, title: "" }, details: null, problem: "There is no such lecture." });
    this.#set({ open: lecture, details: null, problem: "", voice });
    try {
      const found = await this.details(lecture, again);
      if (this.state.open === lecture) this.#begin(lecture, found);
    } catch (error) {
      if (this.state.open === lecture) this.#set({ problem: error.message });
    }
  }

  #begin(lecture, found) {
    const has = (code) => found.languages.some((one) => one.code === code);
    const first = firstLanguage(found.languages, lecture.language, this.#preferred);
    const kept = this.#chosen === OFF || has(this.#chosen) ? this.#chosen : first;
    const problem = found.media.length ? "" : "The media of this lecture is missing on the server.";
    this.#set({ details: found, subtitles: kept, text: kept || first, problem });
  }

  /** Back to the list. */
  close() {
    this.#set({ open: null, details: null, problem: "", voice: ORIGINAL });
  }

  /** Show subtitles in a language, or OFF. */
  showSubtitles(code) {
    this.#chosen = code;
    this.#set({ subtitles: code, text: code || this.state.text });
  }

  /** Hear an audio track by its id, or the original (null). */
  hear(id) {
    this.#set({ voice: id });
  }

  /** Say in words what is wrong with the lecture on show. */
  complain(words) {
    this.#set({ problem: words });
  }
}

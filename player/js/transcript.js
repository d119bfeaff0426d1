/** The text of a lecture beside its video: the current cue is marked and kept in view, a click seeks. DOM only. */

import { clock } from "./details.js";

const PATIENCE = 4000; // milliseconds that a person who scrolls is left alone

export class Transcript {
  #list;
  #seek;
  #buttons = new Map(); // cue to its button
  #current = null;
  #touched = -Infinity;

  /** `list`: an ol that scrolls; `seek(seconds)`. */
  constructor(list, seek) {
    [this.#list, this.#seek] = [list, seek];
    for (const name of ["wheel", "touchmove", "pointerdown"])
      list.addEventListener(name, () => (this.#touched = performance.now()), { passive: true });
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Show these cues; their text is of that language. */
  show(language, cues) {
    const texts = cues.map((cue) => [cue, textOf(cue)]).filter(([, text]) => text);
    this.#buttons = new Map(texts.map(([cue, text]) => [cue, this.#row(cue, text)]));
    this.#current = null;
    this.#touched = -Infinity;
    this.#list.lang = language;
    this.#list.replaceChildren(...[...this.#buttons.values()].map((button) => button.parentElement));
    const first = this.#list.querySelector("button");
    if (first) first.tabIndex = 0; // one stop for the tab key; arrows go on from there
    this.#list.scrollTop = 0;
  }

  clear() {
    this.show("", []);
  }

  /** Mark the cue that is being said; null: silence. */
  mark(cue) {
    this.#current?.removeAttribute("aria-current");
    this.#current = this.#buttons.get(cue) ?? null;
    if (!this.#current) return;
    this.#current.setAttribute("aria-current", "true");
    const left = performance.now() - this.#touched > PATIENCE && !this.#list.contains(document.activeElement);
    if (left) this.#center(this.#current.parentElement);
    if (!this.#list.contains(document.activeElement)) this.#stopAt(this.#current);
  }

  #row(cue, text) {
    const row = document.createElement("li");
    const button = document.createElement("button");
    const time = document.createElement("time");
    const words = document.createElement("span");
    Object.assign(button, { type: "button", tabIndex: -1 });
    time.textContent = clock(cue.startTime);
    Object.assign(words, { dir: "auto", textContent: text });
    button.append(time, words);
    button.addEventListener("click", () => this.#seek(cue.startTime));
    row.append(button);
    return button;
  }

  #key(event) {
    const buttons = [...this.#buttons.values()];
    const at = buttons.indexOf(document.activeElement);
    const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 };
    const next = buttons[places[event.key]];
    if (at < 0 || !next) return;
    event.preventDefault();
    this.#stopAt(next);
    next.focus();
  }

  #stopAt(button) {
    this.#list.querySelector("button[tabindex='0']")?.setAttribute("tabindex", "-1");
    button.tabIndex = 0;
  }

  /** Scrolls the list alone, never the page. */
  #center(row) {
    const above = row.offsetTop - this.#list.offsetTop;
    this.#list.scrollTo({ top: above - (this.#list.clientHeight - row.offsetHeight) / 2 });
  }
}

/** The words of a cue on one line, its markup read as the browser reads it. */
function textOf(cue) {
  return cue.getCueAsHTML().textContent.replace(/\s+/g, " ").trim();
}

/** The list of lectures. A card asks for its picture and languages when it comes into view. DOM only. */

import { clock, languageName } from "./details.js";

const MANY = 8; // more lectures than this, and there is a field to filter them

export class Cards {
  #list;
  #template;
  #filter;
  #store;
  #lectures = new WeakMap(); // card to its lecture
  #watcher;

  /** `list`: an ol; `template`: of a card; `filter`: a search field. */
  constructor(list, template, filter, store) {
    [this.#list, this.#template, this.#filter, this.#store] = [list, template, filter, store];
    this.#watcher = new IntersectionObserver((seen) => this.#seen(seen), { rootMargin: "300px" });
    filter.addEventListener("input", () => this.#sift());
  }

  show(lectures) {
    this.#watcher.disconnect();
    this.#list.replaceChildren(...lectures.map((lecture) => this.#card(lecture)));
    this.#filter.parentElement.hidden = lectures.length <= MANY;
    for (const card of this.#list.children) this.#watcher.observe(card);
    this.#sift();
  }

  #card(lecture) {
    const card = this.#template.content.firstElementChild.cloneNode(true);
    const title = card.querySelector("h2");
    Object.assign(title, { textContent: lecture.title, lang: lecture.language });
    card.querySelector("a").href = address(lecture.id);
    const length = card.querySelector("time");
    length.hidden = lecture.duration === null;
    if (lecture.duration !== null) length.textContent = clock(lecture.duration);
    card.querySelector(".languages").textContent = languageName(lecture.language);
    this.#lectures.set(card, lecture);
    return card;
  }

  #seen(entries) {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      this.#watcher.unobserve(target);
      this.#fill(target);
    }
  }

  async #fill(card) {
    const lecture = this.#lectures.get(card);
    let found;
    try {
      found = await this.#store.details(lecture);
    } catch {
      return; // the card still opens; the lecture itself will say what is wrong
    }
    const names = found.languages.map((one) => one.name);
    if (names.length) card.querySelector(".languages").textContent = names.join(" · ");
    const picture = card.querySelector("img");
    picture.addEventListener("load", () => (picture.hidden = false));
    if (found.poster) picture.src = found.poster;
  }

  #sift() {
    const words = fold(this.#filter.value).split(/\s+/).filter(Boolean);
    for (const card of this.#list.children) {
      const title = fold(this.#lectures.get(card).title);
      card.hidden = !words.every((word) => title.includes(word));
    }
  }
}

/** Where a lecture is on this page. */
export function address(id) {
  return `#${encodeURIComponent(id)}`;
}

/** Text without case and accents, so that "calculo" finds "Cálculo". */
function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Puts the page together: the list or a lecture, as the address says; what changes in the store is drawn. */

import { Api } from "./api.js";
import { Cards, address } from "./cards.js";
import { Store } from "./store.js";
import { Watch } from "./watch.js";

const MINUTE = 60_000;
const LOOK_AGAIN = 15_000; // milliseconds until an empty list is asked for again

const part = (id) => document.getElementById(id);
const api = new Api("demo/lectures.json");
const store = new Store(api, navigator.languages);
const cards = new Cards(part("cards"), part("card"), part("filter"), store);
const watch = new Watch(part("watch"), store, api);

store.subscribe((state, changed) => {
  if (changed.has("open")) turn(state);
  if (changed.has("lectures") || changed.has("failure")) list(state);
  if (changed.has("lectures")) cards.show(state.lectures);
  watch.draw(state, changed);
});

let listScroll = 0;
let lookAgain = 0;
let left = null; // the lecture that was on show last

/** Show the list or the lecture, and put the focus where the person looks. */
function turn({ open }) {
  if (open && !left) listScroll = scrollY;
  part("list").hidden = Boolean(open);
  part("watch").hidden = !open;
  document.title = open?.title ? `${open.title} – Lectures` : "Lectures";
  scrollTo({ top: open ? 0 : listScroll, behavior: "instant" });
  const card = !open && left && part("cards").querySelector(`a[href="${CSS.escape(address(left.id))}"]`);
  (card || part(open ? "watch" : "list").querySelector("h1")).focus({ preventScroll: true });
  left = open;
}

function list({ lectures, failure }) {
  part("failure").hidden = !failure;
  part("failure-words").textContent = failure;
  part("waiting").hidden = Boolean(lectures || failure);
  part("none").hidden = !lectures || lectures.length > 0 || Boolean(failure);
  clearTimeout(lookAgain);
  if (lectures?.length === 0) lookAgain = setTimeout(() => store.load(), LOOK_AGAIN);
}

/** The lecture of the address: `#` and its id. */
function asked() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return location.hash.slice(1);
  }
}

function follow() {
  if (asked()) return store.state.lectures && store.open(asked());
  if (!store.state.open) return;
  store.close();
  store.load(); // there may be new ones
}

async function load() {
  await store.load();
  follow();
}

addEventListener("hashchange", follow);
document.addEventListener("visibilitychange", () => document.hidden || store.renew());
setInterval(() => store.renew(), MINUTE);
part("reload").addEventListener("click", load);
load();

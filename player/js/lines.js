/**
 * Breaks the text of a caption into lines by the installation's rules. Plain functions, no DOM.
 *
 * The same as lib/tlp/readability/lines.py, to the letter (docs/readability.md); tests/data/line_breaks.json holds
 * both to it. `rules`, as the server gives them: {line_chars, languages: {language: {line_chars}},
 * small_words: {language: {before: [word], joins: [word]}}}.
 */

const SENTENCE = /[.?!…。？！]$/u;
const CLAUSE = /[,;:–—،、]$/u;
const CLOSING = /["'»”’)\]]+$/u;
const EDGES = /^["'«»“”„‘’¿¡([{)}\]]+|["'«»“”„‘’¿¡([{)}\]]+$/gu;
const TITLES = new Set("mr mrs ms dr dra prof st sr sra srta d dña m mme vs".split(" "));

// What a break costs, by what stands around it; the unit is a line one character off the even length, squared.
const COST = { sentence: 0, clause: 25, join: 50, anywhere: 100, torn: 500 };

/** The lines of a text whose white space is single spaces. */
export function broken(text, rules, language = "") {
  const words = text.split(" ");
  const limit = rules.languages?.[language]?.line_chars ?? rules.line_chars;
  if (length(text) <= limit || words.length === 1) return [text];
  const sizes = words.map(length);
  const costs = words.map((word, place) => (place ? cost(words[place - 1], word, rules.small_words?.[language]) : 0));
  const breaks = best(sizes, costs, fewest(sizes, limit), limit);
  const begins = [0, ...breaks];
  return begins.map((begin, place) => words.slice(begin, begins[place + 1]).join(" "));
}

/** Characters, not the halves of which some are made. */
function length(text) {
  return [...text].length;
}

function fewest(sizes, limit) {
  let [lines, column] = [1, sizes[0]];
  for (const size of sizes.slice(1)) {
    const fits = column + 1 + size <= limit;
    [lines, column] = fits ? [lines, column + 1 + size] : [lines + 1, size];
  }
  return lines;
}

function cost(before, after, small) {
  const bare = before.replace(CLOSING, "");
  if (SENTENCE.test(bare) && !TITLES.has(bare.slice(0, -1).toLowerCase())) return COST.sentence;
  if (CLAUSE.test(bare)) return COST.clause;
  if (small?.before.includes(plain(before))) return COST.torn;
  return small?.joins.includes(plain(after)) ? COST.join : COST.anywhere;
}

function plain(word) {
  return word.replace(EDGES, "").toLowerCase();
}

/** Where lines begin after the first one: of all ways into `count` lines the cheapest; of equals the earliest. */
function best(sizes, costs, count, limit) {
  const size = sizes.length;
  const shown = sizes.reduce((sum, one) => sum + one, 0) + size - count;
  let found = [...Array(size).fill(null), { cost: 0, breaks: [] }]; // of what begins there, in so many lines
  for (let line = count; line > 0; line -= 1) {
    const longer = Array(size + 1).fill(null);
    for (let begin = 0; begin < (line > 1 ? size : 1); begin += 1) {
      let chars = -1;
      for (let end = begin + 1; end <= size; end += 1) {
        chars += 1 + sizes[end - 1];
        if (chars > limit && end > begin + 1) break;
        if (!found[end]) continue;
        const off = count * chars - shown;
        const total = off * off + found[end].cost + (end < size ? count * count * costs[end] : 0);
        if (longer[begin] && total >= longer[begin].cost) continue;
        longer[begin] = { cost: total, breaks: end < size ? [end, ...found[end].breaks] : [] };
      }
    }
    found = longer;
  }
  return found[0]?.breaks ?? [];
}

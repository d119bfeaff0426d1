/** Client of the public API with the request keys of the demo's lectures. Knows no DOM and keeps no other state. */

export class ApiError extends Error {
  /** `rcode`: the API's own negative answer; `status`: of HTTP, 0 when the server was not reached. */
  constructor(message, { status = 0, rcode = null } = {}) {
    super(message);
    Object.assign(this, { status, rcode });
  }
}

const REFUSED = [401, 419];

export class Api {
  #list;
  #user = "";
  #base = "";
  #keys = new Map();
  #renewAt = 0;
  #renewal = null;

  /** How captions are broken into lines (see lines.js); null: as they come. */
  captions = null;

  /** `list`: address of the list of lectures. */
  constructor(list) {
    this.#list = list;
  }

  /** The lectures: id, title, language, duration (seconds or null). Takes new keys for all of them. */
  async lectures() {
    const response = await reach(this.#list);
    const answer = await response.json();
    this.#user = answer.user;
    this.captions = answer.captions ?? null;
    this.#base = new URL(answer.api, response.url).href;
    this.#keys = new Map(answer.lectures.map(({ id, request_key: key, expire }) => [id, { key, expire }]));
    this.#renewAt = performance.now() + lifeOf(answer.lectures, response) / 2;
    return answer.lectures.map(({ id, title, language, duration }) => ({ id, title, language, duration }));
  }

  /** New keys, when half of the life of the present ones is over or `now` says so. True when there are new ones. */
  async renew(now = false) {
    if (!now && performance.now() < this.#renewAt) return false;
    this.#renewal ??= this.lectures().finally(() => (this.#renewal = null));
    await this.#renewal;
    return true;
  }

  /** The address of a call about a lecture: good for links, tracks and media elements until its key ends. */
  url(id, call, parameters = {}) {
    const { key, expire } = this.#keys.get(id) ?? { key: "", expire: "" };
    const query = new URLSearchParams({ user: this.#user, id, auth_token: key, expire, ...parameters });
    return `${this.#base}/${call}?${query}`;
  }

  /** The JSON answer of a call about a lecture. Throws ApiError; an expired key is renewed once. */
  async call(id, call) {
    let response;
    try {
      response = await reach(this.url(id, call));
    } catch (error) {
      if (!REFUSED.includes(error.status)) throw error;
      await this.renew(true);
      response = await reach(this.url(id, call));
    }
    const answer = await response.json();
    if (answer.rcode) throw new ApiError(answer.rcode_description, { status: response.status, rcode: answer.rcode });
    return answer;
  }
}

async function reach(address) {
  let response;
  try {
    response = await fetch(address);
  } catch {
    throw new ApiError("The server cannot be reached. Check the connection, then try again.");
  }
  if (!response.ok) throw new ApiError(await words(response), { status: response.status });
  return response;
}

async function words(response) {
  const body = await response.json().catch(() => null);
  return body?.error?.message ?? `The server answered ${response.status} ${response.statusText}.`;
}

/** Milliseconds that the keys live, by the server's clock: the one here may be wrong. */
function lifeOf(lectures, response) {
  const now = Date.parse(response.headers.get("Date")) || Date.now();
  return lectures.length ? lectures[0].expire * 1000 - now : Infinity;
}

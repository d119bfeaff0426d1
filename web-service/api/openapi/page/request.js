// From what was typed to a request, and from an answer to text. Touches no page.

/** The value of a parameter as typed: numbers and JSON are read, so that a wrong one is seen before it is sent. */
export function valueOf(schema, text) {
  if (schema.type === "integer") return Number(text);
  if (schema.enum) return Number.isNaN(Number(text)) ? text : Number(text);
  if (schema.type === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // JSON parameters may also be base64
  }
}

/** Address and options for fetch. `form` is "GET", "GET data", "JSON", "form" or "multipart". */
export function build(url, form, values, file) {
  const plain = new URLSearchParams(
    Object.entries(values).map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : value]));
  if (form === "GET") return [`${url}?${plain}`, {}];
  if (form === "GET data") return [`${url}?${new URLSearchParams({ data: base64(JSON.stringify(values)) })}`, {}];
  if (form === "form") return [url, { method: "POST", body: plain }];
  if (form === "multipart") {
    const body = new FormData();
    body.append("json", new Blob([JSON.stringify(values)], { type: "application/json" }), "json");
    if (file) body.append("pkg", file);
    return [url, { method: "POST", body }];
  }
  const headers = { "Content-Type": "application/json" };
  return [url, { method: "POST", headers, body: JSON.stringify(values) }];
}

/** The same request as a curl command, with the token hidden. */
export function asCommand(url, form, values) {
  const shown = { ...values };
  if ("auth_token" in shown) shown.auth_token = "...";
  const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const [address, options] = build(url, form === "multipart" ? "JSON" : form, shown);
  if (form === "multipart") {
    return `curl ${quote(address)} -F ${quote(`json=${options.body};type=application/json`)} -F pkg=@FILE`;
  }
  if (!options.body) return `curl ${quote(address)}`;
  const type = options.headers ? ` -H 'Content-Type: application/json'` : "";
  return `curl ${quote(address)}${type} -d ${quote(String(options.body))}`;
}

/** An answer as text to show, or a Blob that can be saved or played. */
export async function readAnswer(answer) {
  const type = answer.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/json")) return JSON.stringify(await answer.json(), null, 2);
  if (/^text\/|xml|subrip/.test(type)) return answer.text();
  return answer.blob();
}

function base64(text) {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}

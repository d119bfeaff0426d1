// The page on which the API can be tried: draws openapi.json, sends what is typed, shows what comes back.

import { asCommand, build, readAnswer, valueOf } from "./request.js";

const who = document.getElementById("who");
const place = document.getElementById("interfaces");

/** An element with properties and children; text is never read as HTML. */
function el(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Text in which `this` is code. */
function prose(text) {
  return text.split("`").map((part, n) => (n % 2 ? el("code", { textContent: part }) : part));
}

/** What a description says beyond its first sentence, which is the summary. */
function rest({ summary, description }) {
  const text = description.replaceAll(/(\S)\n(\S)/g, "$1 $2");
  return text.startsWith(summary) ? text.slice(summary.length).trim() : text;
}

function paragraphs(text) {
  return text.split("\n\n").map((part) => el("p", {}, ...prose(part)));
}

function resolve(spec, schema) {
  return schema.$ref ? schema.$ref.split("/").slice(1).reduce((part, key) => part[key], spec) : schema;
}

function field(schema, id) {
  if (!schema.enum && !["string", "integer"].includes(schema.type)) return el("textarea", { id, spellcheck: false });
  if (!schema.enum) return el("input", { id, spellcheck: false });
  const values = schema.enum.filter((value) => typeof value !== "boolean");
  return el("select", { id }, el("option", { value: "", textContent: "" }),
    ...values.map((value) => el("option", { value, textContent: value })));
}

function parameters(spec, path, body) {
  const hidden = new Set(["user", "auth_token", "expire", "client", "debug"]);
  const required = new Set(body.required);
  const fields = new Map();
  const place = (name) => (required.has(name) ? 0 : name === "su" ? 2 : 1);
  const shown = Object.entries(body.properties).filter(([name]) => !hidden.has(name));
  const rows = shown.sort(([one], [other]) => place(one) - place(other)).map(([name, schema]) => {
    const id = `${path}-${name}`;
    const input = field(schema, id);
    fields.set(name, [schema, input]);
    const label = el("label", { htmlFor: id }, el("code", { textContent: name }), required.has(name) ? " *" : "");
    return el("tr", {}, el("td", {}, label), el("td", {}, input), el("td", {}, ...prose(schema.description ?? "")));
  });
  return [el("div", { className: "scroll" }, el("table", {}, el("tbody", {}, ...rows))), fields];
}

function forms(operations) {
  const kinds = Object.keys(operations.post?.requestBody.content ?? {});
  return [
    ...(operations.get ? ["GET"] : []),
    ...(operations.get && operations.post ? ["GET data"] : []),
    ...(operations.post ? ["JSON", "form"] : []),
    ...(kinds.includes("multipart/form-data") ? ["multipart"] : []),
  ];
}

function typed(fields) {
  const values = {};
  for (const name of ["user", "auth_token", "expire"]) if (who.elements[name].value) values[name] = who.elements[name].value;
  for (const [name, [schema, input]] of fields) if (input.value !== "") values[name] = valueOf(schema, input.value);
  return values;
}

function tryIt(url, operations, fields) {
  const form = el("select", { ariaLabel: "how it is sent" }, ...forms(operations).map((name) => el("option", { textContent: name })));
  const file = el("input", { type: "file", accept: ".zip", ariaLabel: "package", hidden: true });
  const button = el("button", { type: "button", textContent: "Send" });
  const command = el("pre", {});
  const status = el("p", { role: "status" });
  const output = el("div", {});
  form.onchange = () => { file.hidden = form.value !== "multipart"; };
  button.onclick = async () => {
    const values = typed(fields);
    command.textContent = asCommand(new URL(url, location.href).href, form.value, values);
    output.replaceChildren();
    try {
      const [address, options] = build(url, form.value, values, file.files[0]);
      const began = performance.now();
      const answer = await fetch(address, options);
      const content = await readAnswer(answer);
      status.className = answer.ok ? "good" : "bad";
      status.textContent = `${answer.status}, ${Math.round(performance.now() - began)} ms, ${answer.headers.get("Content-Type")}`;
      output.append(shown(content));
    } catch (error) {
      status.className = "bad";
      status.textContent = `The request could not be sent: ${error.message}`;
    }
  };
  return el("div", {}, el("p", {}, form, " ", file, " ", button), command, status, output);
}

function shown(content) {
  if (typeof content === "string") return el("pre", { textContent: content });
  const src = URL.createObjectURL(content);
  if (content.type.startsWith("audio/")) return el("audio", { src, controls: true });
  return el("a", { href: src, download: "answer", textContent: `${content.size} bytes of ${content.type}` });
}

function answers(spec, responses) {
  return Object.entries(responses).flatMap(([status, response]) =>
    Object.entries(resolve(spec, response).content ?? {}).map(([type, { schema }]) => el("details", {},
      el("summary", { textContent: `${status} ${type}` }), el("pre", { textContent: JSON.stringify(resolve(spec, schema), null, 1) }))));
}

function drawInterface(spec, path, operations) {
  const operation = operations.post ?? operations.get;
  const content = operations.post?.requestBody.content["application/json"];
  const body = content ? resolve(spec, content.schema) : { properties: {}, required: [] };
  const box = el("details", { className: "interface" }, el("summary", {}, el("code", { textContent: path }), " ", ...prose(operation.summary)));
  box.dataset.path = path;
  box.ontoggle = () => { // drawn when first opened
    if (!box.open || box.children.length > 1) return;
    const [table, fields] = parameters(spec, path, body);
    const url = `${spec.servers[0].url.replace(/\/$/, "")}${path}`;
    box.append(el("div", {}, ...paragraphs(rest(operation)), table, tryIt(url, operations, fields),
      el("h3", { textContent: "Answers" }), ...answers(spec, operation.responses)));
  };
  return box;
}

function draw(spec) {
  document.getElementById("about").append(...prose(spec.info.description));
  const groups = spec.tags.map(({ name }) => el("section", {}, el("h2", { textContent: `/${name}` }),
    ...Object.entries(spec.paths).filter(([path]) => `${path}/`.startsWith(`/${name}/`))
      .map(([path, operations]) => drawInterface(spec, path, operations))));
  place.replaceChildren(...groups);
}

who.elements.find.oninput = () => {
  for (const box of place.querySelectorAll("details.interface")) box.hidden = !box.dataset.path.includes(who.elements.find.value);
};
who.onsubmit = (event) => event.preventDefault();

try {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  draw(await answer.json());
} catch (error) {
  place.replaceChildren(el("p", { className: "bad", role: "alert", textContent: `openapi.json could not be read: ${error.message}` }));
}

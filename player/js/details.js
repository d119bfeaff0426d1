/** What the API tells of a lecture, as the page needs it. Plain functions from answers to plain objects; no DOM. */

const MEDIA = 0;
const THUMBNAIL = 3;
const STATUS = ["automatic", "partly corrected by people", "corrected by people"];
const GENDER = { f: "female", m: "male" };

/**
 * Ask for everything about a lecture. Throws ApiError when the server does not answer.
 * media: [{format, url}], poster: url or null, speakers: names, languages: [{code, name, status}],
 * voices: [{id, code, kind, label, format}]. A lecture without media or subtitles has empty lists.
 */
export async function details(api, lecture) {
  const asked = ["metadata", "langs"].map((call) => unlessNone(api, lecture.id, call));
  const [metadata, langs] = await Promise.all(asked);
  const files = metadata?.media ?? [];
  const languages = (langs?.langs ?? []).map((one) => ({
    code: one.lang_code,
    name: one.lang_name,
    status: STATUS[one.sup_status] ?? STATUS[0],
  }));
  return {
    media: located(files, MEDIA).map((file) => ({ format: file.media_format, url: file.location })),
    poster: located(files, THUMBNAIL)[0]?.location ?? null,
    speakers: (metadata?.mediainfo.speakers ?? []).map((speaker) => speaker.name).filter(Boolean),
    languages,
    voices: voices(metadata?.audiotracks ?? [], languages),
  };
}

/** The name of a language in that language. */
export function languageName(code, languages = []) {
  const known = languages.find((one) => one.code === code);
  if (known) return known.name;
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code);
  } catch {
    return code;
  }
}

/** The language of subtitles to begin with: one that the person reads, else the lecture's own, else the first. */
export function firstLanguage(languages, own, preferred) {
  const wanted = [...preferred.map((tag) => tag.toLowerCase().split("-")[0]), own];
  return wanted.find((code) => languages.some((one) => one.code === code)) ?? languages[0]?.code ?? "";
}

/** Seconds as people read them: 1:02:03, 4:05. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, place) => (place ? String(part).padStart(2, "0") : String(part))).join(":");
}

async function unlessNone(api, id, call) {
  try {
    return await api.call(id, call);
  } catch (error) {
    if (error.rcode) return null;
    throw error;
  }
}

function located(files, type) {
  return files.filter((file) => file.type_code === type && file.is_url);
}

/** A voice is told apart by as little as is needed: its language and kind, then its gender, then its number. */
function voices(tracks, languages) {
  const described = tracks.map((track) => {
    const kind = track.voice_type === "rec" ? "recorded" : "voice";
    const gender = GENDER[track.voice_gender];
    const voice = { id: track.id, code: track.lang, format: track.media_format };
    return { voice, name: languageName(track.lang, languages), kinds: [kind, gender ? `${kind}, ${gender}` : kind] };
  });
  return described.map(({ voice, name, kinds }, place) => {
    const same = (level) => described.filter((one) => one.name === name && one.kinds[level] === kinds[level]);
    const alone = (level) => same(level).length === 1;
    const kind = alone(0) ? kinds[0] : alone(1) ? kinds[1] : `${kinds[1]} ${place + 1}`;
    return { ...voice, kind, label: `${name} (${kind})` };
  });
}

/**
 * Plays an audio track beside a muted video, in step with it. The video leads: what it does, the voice does.
 * Small drifts are mended by a rate a little off, which nobody hears; larger ones by a jump.
 */

const JUMP = 0.15; // seconds of drift that are jumped over
const NUDGE = 0.05; // and that are mended by rate, until less than STEADY is left
const STEADY = 0.015;
const REST = 600; // milliseconds after a jump until its effect can be judged
const LOOK = 200; // milliseconds between two looks

export class Voice {
  #video;
  #audio;
  #fail;
  #active = false;
  #wasMuted = false;
  #volume = 1;
  #lead = 0; // seconds that a jump itself takes, learned from the last ones
  #jumpedAt = -Infinity;
  #judged = true;
  #timer = 0;

  /** `fail(code)`: the track cannot be loaded; `code` is that of MediaError. */
  constructor(video, audio, fail) {
    [this.#video, this.#audio, this.#fail] = [video, audio, fail];
    for (const name of ["play", "playing", "pause", "waiting", "seeking", "seeked", "ended", "emptied"])
      video.addEventListener(name, () => this.#follow());
    video.addEventListener("ratechange", () => this.#active && (audio.playbackRate = video.playbackRate));
    video.addEventListener("volumechange", () => this.#loudness());
    for (const name of ["loadedmetadata", "canplay"]) audio.addEventListener(name, () => this.#follow());
    audio.addEventListener("error", () => this.#active && audio.error && this.#fail(audio.error.code));
  }

  /** Hear the track at `url` instead of the video's own sound. */
  start(url) {
    if (!this.#active) this.#wasMuted = this.#video.muted;
    this.#active = true;
    this.#audio.volume = this.#volume = this.#video.volume;
    this.#audio.muted = this.#wasMuted;
    this.#video.muted = true;
    this.#audio.src = url;
    this.#audio.playbackRate = this.#video.playbackRate;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#correct(), LOOK);
  }

  /** Back to the video's own sound. */
  stop() {
    if (!this.#active) return;
    this.#active = false;
    clearInterval(this.#timer);
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#audio.load();
    this.#video.muted = this.#audio.muted;
  }

  #follow() {
    if (!this.#active || this.#audio.readyState === HTMLMediaElement.HAVE_NOTHING) return;
    if (!this.#shouldSound()) {
      this.#audio.pause();
      if (!this.#video.seeking) this.#place(0);
    } else if (this.#audio.paused) {
      this.#place(this.#lead);
      this.#audio.play().catch(() => {}); // refused before the person has touched the page: then the video is, too
    }
  }

  #shouldSound() {
    const { paused, seeking, ended, readyState, currentTime } = this.#video;
    const moving = !paused && !seeking && !ended && readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    return moving && !(currentTime >= this.#audio.duration); // a track may end before its video
  }

  #correct() {
    this.#follow();
    if (this.#audio.paused || this.#audio.seeking) return;
    const drift = this.#audio.currentTime - this.#video.currentTime;
    if (performance.now() - this.#jumpedAt < REST) return;
    if (!this.#judged) this.#learn(drift);
    if (Math.abs(drift) > JUMP) this.#place(this.#lead);
    else this.#steer(drift);
  }

  /** What the last jump missed by is added to the next one. */
  #learn(drift) {
    this.#judged = true;
    this.#lead = Math.min(0.5, Math.max(0, this.#lead - drift));
  }

  #steer(drift) {
    const rate = this.#video.playbackRate;
    const steering = this.#audio.playbackRate !== rate;
    if (Math.abs(drift) > (steering ? STEADY : NUDGE)) this.#audio.playbackRate = rate * (1 - Math.sign(drift) * 0.04);
    else if (steering) this.#audio.playbackRate = rate;
  }

  #place(lead) {
    const wanted = this.#video.currentTime + lead * this.#video.playbackRate;
    if (Math.abs(this.#audio.currentTime - wanted) < 0.001) return;
    this.#audio.currentTime = wanted;
    this.#audio.playbackRate = this.#video.playbackRate;
    [this.#jumpedAt, this.#judged] = [performance.now(), lead === 0 && this.#video.paused];
  }

  /** The video stays mute while the voice is heard; its volume and mute button work on the voice. */
  #loudness() {
    if (!this.#active) return;
    if (this.#video.volume !== this.#volume) {
      this.#audio.volume = this.#volume = this.#video.volume;
      this.#audio.muted = false;
    } else if (!this.#video.muted) this.#audio.muted = !this.#audio.muted;
    this.#video.muted = true;
  }
}

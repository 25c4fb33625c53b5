// Telling of answers that nobody sees: a notification of the shop's page and a sound, both only if the person wants them.

import { boot, t } from "./words.js";

const NOTES = [
  [660, 0],
  [880, 0.12],
]; // hertz, seconds from now

/** The switches in the menu; `tell` reaches the shop's page, which keeps them and asks the browser for permission. */
export class Alerts {
  #on = { notify: false, sound: false };
  #audio = null;

  constructor(menu, tell) {
    this.tell = tell;
    this.switches = [...menu.querySelectorAll("[data-alert]")];
    this.note = menu.querySelector(".alert-note");
    for (const button of this.switches) button.addEventListener("click", () => this.#turn(button.dataset.alert));
  }

  /** What the shop's page has kept, or what the browser has said. */
  set({ notify = false, sound = false, refused = false } = {}) {
    this.#on = { notify, sound };
    for (const button of this.switches) {
      button.hidden = false;
      button.setAttribute("aria-checked", this.#on[button.dataset.alert]);
    }
    this.note.textContent = refused ? t("The browser doesn’t allow notifications here.") : "";
  }

  /** There are words that nobody sees. They are not repeated on a screen that others may see. */
  ring(author) {
    const body = author ? t("{name} has replied", { name: author }) : t("New message");
    if (this.#on.notify) this.tell("alert", { title: boot.shop, body });
    if (this.#on.sound) this.#play();
  }

  #turn(name) {
    const on = !this.#on[name];
    if (name === "sound") {
      this.set({ ...this.#on, sound: on });
      if (on) this.#play();
    }
    this.tell("want", { name, on });
  }

  #play() {
    this.#audio ??= new AudioContext();
    const { currentTime: now, destination } = this.#audio;
    for (const [frequency, after] of NOTES) {
      const tone = new OscillatorNode(this.#audio, { frequency });
      const volume = new GainNode(this.#audio, { gain: 0.06 });
      volume.gain.exponentialRampToValueAtTime(0.001, now + after + 0.3);
      tone.connect(volume).connect(destination);
      tone.start(now + after);
      tone.stop(now + after + 0.3);
    }
  }
}

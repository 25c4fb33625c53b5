// Where the customer writes. Enter sends, Shift+Enter breaks the line, and Enter that ends a Chinese word does neither.

const TYPING = 3_000; // milliseconds between two signs of writing

export class Composer {
  #typedAt = 0;

  /** `send(text, files)` posts, `typing(on)` tells that somebody writes, `tray` holds the files. */
  constructor(form, { send, typing, tray }) {
    this.form = form;
    this.field = form.querySelector("textarea");
    this.button = form.querySelector(".send");
    this.tray = tray;
    this.typing = typing;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(send);
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit(send);
    });
    this.field.addEventListener("input", () => this.#changed());
    tray.onchange = () => this.#changed();
    this.#changed();
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  clear() {
    this.field.value = "";
    this.#changed();
  }

  #submit(send) {
    const text = this.field.value.trim();
    if (this.tray.busy || !(text || this.tray.some)) return;
    const files = this.tray.take();
    this.field.value = "";
    this.#typedAt = 0;
    this.#changed();
    send(text, files);
    this.focus();
  }

  #changed() {
    const { field } = this;
    this.button.disabled = this.tray.busy || !(field.value.trim() || this.tray.some);
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 132)}px`;
    if (field.value && Date.now() - this.#typedAt > TYPING) {
      this.#typedAt = Date.now();
      this.typing(true);
    }
  }
}

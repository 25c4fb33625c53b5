// Who the visitor is, if the shop's page says so: tokens that identify once each, handed over in the next greeting.

export class Identity {
  #token = "";

  /** `wire` carries it; `ask()` asks the shop's page for a new token; `anew()` says that the next welcome replaces all. */
  constructor(wire, { ask, anew }) {
    Object.assign(this, { wire, ask, anew });
  }

  /** For the next hello: undefined when there is none. */
  get token() {
    return this.#token || undefined;
  }

  /** The page has said who it is. False when it has not. */
  take(token) {
    if (typeof token !== "string" || !token) return false;
    this.#token = token;
    this.#send();
    return true;
  }

  /** The server has answered a greeting; `kept` is null when no identity was in it, for it came too late. */
  greeted({ kept }) {
    if (kept === null) this.#send();
    else this.#token = "";
  }

  /** The server did not accept a token (then true). The developers of the shop's page want to know why. */
  refused({ code, detail }) {
    if (code !== "bad_identity" && code !== "identity_used") return false;
    this.#token = "";
    console.info(`Wismo: ${detail}`);
    if (code === "identity_used") this.ask();
    return true;
  }

  #send() {
    if (this.#token && this.wire.send({ type: "identify", token: this.#token })) this.anew();
  }
}

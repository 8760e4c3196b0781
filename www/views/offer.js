/**
 * Owns: the line above the cards that offers to go on with a session whose page was closed.
 * Must not know: how a session is opened.
 * Invariant: it comes and goes only at the load of the page or by the user's hand, so that nothing moves while a run streams.
 */

export class Offer {
  #parts;
  #session = null;

  /**
   * @param {{ root: HTMLElement, text: HTMLElement, goOn: HTMLButtonElement, look: HTMLButtonElement, dismiss: HTMLButtonElement }} parts
   * @param {{ onGoOn(sessionId: string): void, onLook(sessionId: string): void }} listener
   */
  constructor(parts, { onGoOn, onLook }) {
    this.#parts = parts;
    const take = (then) => () => {
      const session = this.#session;
      this.hide();
      if (session !== null) then(session.sessionId);
    };
    parts.goOn.addEventListener('click', take(onGoOn));
    parts.look.addEventListener('click', take(onLook));
    parts.dismiss.addEventListener('click', take(() => {}));
  }

  /** @param {{ sessionId: string, title: string, step: number }} session @param {boolean} isOpen it is on the page already */
  show(session, isOpen) {
    const { root, text, look } = this.#parts;
    this.#session = session;
    text.textContent = `“${session.title}” stopped at step ${session.step} when its page was closed. Every step before is kept.`;
    look.hidden = isOpen;
    root.hidden = false;
  }

  hide() {
    const { root } = this.#parts;
    if (root.contains(document.activeElement)) document.getElementById('transport').focus();
    this.#session = null;
    root.hidden = true;
  }
}

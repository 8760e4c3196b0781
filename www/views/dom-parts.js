/**
 * Owns: making elements in one line, and writing a text only where it differs.
 * Must not know: any view.
 * Invariant: strings become text nodes; no markup is parsed and no attribute of style is written.
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {string} [className]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function part(tag, className = '', ...children) {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/** @param {string} label its text @param {() => void} onClick @param {string} [className] @returns {HTMLButtonElement} */
export function button(label, onClick, className = '') {
  const element = part('button', className, label);
  element.type = 'button';
  element.addEventListener('click', onClick);
  return element;
}

/** Writes only what is new: a text that is written again is read out again, and loses what is selected in it. @param {Element} element @param {string} text @returns {boolean} whether it was another one */
export function write(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

/** Setting the attribute anew would be a change of the document. @param {HTMLElement} element @param {boolean} isHidden */
export function setHidden(element, isHidden) {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

/** @template {Element} E @param {E} element @param {Record<string, string>} attributes @returns {E} */
export function withAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/**
 * Owns: making elements in one line.
 * Must not know: any view.
 * Invariant: strings become text nodes; no markup is parsed and no attribute of style is written.
 */

/**
 * @param {string} tag @param {string} [className]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
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

/** @template {Element} E @param {E} element @param {Record<string, string>} attributes @returns {E} */
export function withAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

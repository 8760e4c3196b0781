/**
 * Owns: what moves to catch the eye, and whether the reader wants that.
 * Must not know: any one view.
 * Invariant: who prefers stillness sees the same marks, without the way there.
 */

/** Lets elements flash (`is-flashed`), anew where they still do. @param {Iterable<Element>} elements */
export function flash(elements) {
  for (const element of elements) {
    element.classList.remove('is-flashed');
    element.addEventListener('animationend', () => element.classList.remove('is-flashed'), { once: true });
    requestAnimationFrame(() => element.classList.add('is-flashed'));
  }
}

export function prefersStill() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

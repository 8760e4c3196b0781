// What axe-core finds on a page. Owns the rules that are asked and how a finding reads. The source goes in through the driver, since the
// page's policy lets no foreign script in. Must not know what the page shows.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * `findings`: one line for each element that breaks a rule: `rule (impact) selector: what is wrong`. `doubts`: one for each rule that axe cannot
 * judge somewhere, with how often and where first. Text that is scrolled out of sight is such a doubt to axe; its contrast is counted here.
 */
export async function findings(page) {
  await page.evaluate(`globalThis.axe === undefined && (() => { ${source} })()`);
  const { violations, incomplete } = await page.evaluate(lookWithAxe, tags);
  return { findings: violations.flatMap(lines), doubts: incomplete.flatMap(summary) };
}

async function lookWithAxe(values) {
  // The page's clock may stand still; axe's must not.
  const own = globalThis.setTimeout;
  globalThis.setTimeout = globalThis.harness?.setTimeout ?? own;
  try {
    const { violations, incomplete } = await axe.run(document, { runOnly: { type: 'tag', values }, rules: { 'target-size': { enabled: true } }, resultTypes: ['violations', 'incomplete'] });
    const contrast = incomplete.find(({ id }) => id === 'color-contrast');
    if (contrast !== undefined) {
      const judged = contrast.nodes.map((node) => ({ ...node, ratio: ratioOf(document.querySelector(node.target[0])) }));
      contrast.nodes = judged.filter(({ ratio }) => ratio === undefined);
      const weak = judged.filter(({ ratio }) => ratio < 4.5).map(({ ratio, ...node }) => ({ ...node, any: [{ message: `contrast of ${ratio.toFixed(2)}` }] }));
      if (weak.length > 0) violations.push({ ...contrast, nodes: weak });
    }
    return { violations, incomplete };
  } finally {
    globalThis.setTimeout = own;
  }

  /** Of the text's colour to the nearest background behind it; `undefined` where either is not one opaque colour. */
  function ratioOf(element) {
    if (element === null) return undefined;
    const ink = rgbOf(getComputedStyle(element)[element instanceof SVGElement ? 'fill' : 'color']);
    for (let behind = element; behind !== null; behind = behind.parentElement) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(behind);
      if (opacity !== '1' || backgroundImage !== 'none' || ink === undefined) return undefined;
      if (backgroundColor === 'rgba(0, 0, 0, 0)') continue;
      const paper = rgbOf(backgroundColor);
      if (paper === undefined) return undefined;
      const [light, dark] = [luminance(ink), luminance(paper)].sort((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05);
    }
    return undefined;
  }

  function rgbOf(color) {
    const [, ...parts] = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color) ?? [];
    return parts.length === 3 ? parts.map(Number) : undefined;
  }

  function luminance(rgb) {
    const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
}

function lines({ id, impact, nodes }) {
  return nodes.map(({ target, any = [], all = [], none = [] }) => `${id} (${impact}) ${target.flat().join(' ')}: ${[...any, ...all, ...none].map(({ message }) => message).join('; ')}`);
}

function summary({ id, nodes }) {
  return nodes.length === 0 ? [] : [`${id}, ${nodes.length} times, first ${lines({ id, impact: 'in doubt', nodes })[0]}`];
}

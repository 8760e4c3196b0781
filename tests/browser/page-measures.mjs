// Measures of a page while it works: what moved, how frames came, what sticks out. Owns the code that runs in the page for it. Must not know
// what the page shows; times are for a reader, never for an assertion.

/**
 * Waits until the page is drawn as it is (what never was does not shift), and from then on collects what moves. `stop()` waits until the last
 * change is drawn and resolves with `{ shifts, moves }`: `shifts` are the browser's own layout-shift entries, recent input or not (Chromium alone
 * has them); `moves` are the elements of `selector` whose place or size in the document changed between frames. A line each.
 */
export async function watchLayout(page, selector) {
  await page.evaluate(async (selected) => {
    // A frame is laid out after its callbacks, so in those of the second one the first is done.
    const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await drawn();
    const watched = { shifts: [], moves: new Map(), isOver: false };
    const nameOf = (node) => (node instanceof Element ? `${node.localName}${node.id && `#${node.id}`}${node.classList.length > 0 ? `.${[...node.classList].join('.')}` : ''}` : `text in ${node?.parentElement ? nameOf(node.parentElement) : 'nothing'}`);
    const take = (entries) => {
      for (const { value, hadRecentInput, sources } of entries) {
        watched.shifts.push(`${value.toFixed(5)}${hadRecentInput ? ' after input' : ''}: ${sources.map(({ node, previousRect: a, currentRect: b }) => `${nameOf(node)} ${[a.x, a.y, a.width, a.height].map(Math.round)} to ${[b.x, b.y, b.width, b.height].map(Math.round)}`).join(', ')}`);
      }
    };
    if (globalThis.PerformanceObserver?.supportedEntryTypes.includes('layout-shift')) {
      watched.observer = new PerformanceObserver((list) => take(list.getEntries()));
      watched.observer.observe({ type: 'layout-shift' });
      watched.take = () => take(watched.observer.takeRecords());
    }
    const boxes = () => new Map(Array.from(document.querySelectorAll(selected), (element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return [element, [x + scrollX, y + scrollY, width, height].map((value) => Math.round(value * 10) / 10)];
    }));
    let before = boxes();
    const look = () => {
      const now = boxes();
      for (const [element, box] of now) {
        const old = before.get(element);
        if (old === undefined || String(old) === String(box)) continue;
        const { times, first } = watched.moves.get(element) ?? { times: 0, first: `first from ${old} to ${box}` };
        watched.moves.set(element, { times: times + 1, first });
      }
      before = now;
      if (!watched.isOver) requestAnimationFrame(look);
    };
    Object.assign(watched, { look, nameOf, drawn });
    requestAnimationFrame(look);
    globalThis.watchedLayout = watched;
  }, selector);
  return {
    stop: () => page.evaluate(async () => {
      const { watchedLayout: watched } = globalThis;
      const { nameOf } = watched;
      await watched.drawn();
      watched.isOver = true;
      watched.take?.();
      watched.observer?.disconnect();
      watched.look();
      return { shifts: watched.shifts, moves: Array.from(watched.moves, ([element, { times, first }]) => `${nameOf(element)} ${times} times, ${first}`) };
    }),
  };
}

/** From now on notes the milliseconds between frames, and Chromium's long tasks; `stop()` resolves with `{ frames, longTasks, line }`. */
export async function watchFrames(page) {
  await page.evaluate(() => {
    const watched = { frames: [], longTasks: [], isOver: false };
    if (globalThis.PerformanceObserver?.supportedEntryTypes.includes('longtask')) {
      new PerformanceObserver((list) => watched.longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration)))).observe({ type: 'longtask' });
    }
    let last = performance.now();
    requestAnimationFrame(function look(now) {
      watched.frames.push(now - last);
      last = now;
      if (!watched.isOver) requestAnimationFrame(look);
    });
    globalThis.watchedFrames = watched;
  });
  return {
    async stop() {
      const { frames, longTasks } = await page.evaluate(() => Object.assign(globalThis.watchedFrames, { isOver: true }));
      const sorted = frames.slice(1).sort((a, b) => a - b);
      const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]?.toFixed(1);
      const line = `${sorted.length} frames, ms between them: median ${at(0.5)}, 95 % ${at(0.95)}, longest ${at(1)}; long tasks: ${longTasks.join(', ') || 'none'}`;
      return { frames: sorted, longTasks, line };
    },
  };
}

/** What sticks out of the page to the side, a line each; [] is none. */
export const overflows = (page) => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = Array.from(document.querySelectorAll('body *')).filter((element) => element.getBoundingClientRect().right > clientWidth + 0.5 && element.getClientRects().length > 0);
  return [`the page is ${scrollWidth} wide in ${clientWidth}`, ...wide.slice(0, 8).map((element) => `${element.localName}#${element.id}.${element.className} ends at ${Math.round(element.getBoundingClientRect().right)}`)];
});

/** The animations that run, a line each. */
export const animations = (page) => page.evaluate(() => document.getAnimations()
  .filter(({ playState, effect }) => playState === 'running' && effect?.getComputedTiming().activeDuration > 0)
  .map(({ animationName, transitionProperty, effect }) => `${animationName ?? transitionProperty} of ${effect.target?.localName}#${effect.target?.id}.${effect.target?.getAttribute('class')}`));

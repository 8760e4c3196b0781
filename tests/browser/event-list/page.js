// One event list by itself, and what tests need to feed it and to look at it.
import { EventList } from '/www/views/event-list.js';
import { valueTree } from '/www/views/value-tree.js';

const $ = (selector) => document.querySelector(selector);
const picked = [];
const cleared = [];
let seq = 0;

globalThis.valueTree = valueTree;
globalThis.lab = {
  list: new EventList($('#events'), $('#event-count'), { onPick: (event) => picked.push(event?.seq ?? null), onNodeClear: () => cleared.push(true) }),
  picked,
  cleared,
  /** Adds events made of what is given, 10 ms apart, and shows them. */
  async add(...all) {
    for (const own of all) {
      seq += 1;
      this.list.add({ seq, at: seq * 10, runId: 'r', sessionId: 's', type: 'message', scope: 'test', message: `number ${seq}`, step: 1, node: 'work', task: 0, attempt: 1, ...own }, seq * 10);
    }
    this.list.render();
    await this.shown();
  },
  many: (count, own = {}) => Array.from({ length: count }, () => own),
  /** Two frames: what was asked for has been painted. */
  shown: () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  /** Rows that can be seen, each as its text without what is between. */
  seen() {
    const box = $('.rows').getBoundingClientRect();
    return this.rows().filter((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return top >= box.top - 1 && bottom <= box.bottom + 1;
    }).map((row) => row.querySelector('.text').textContent);
  },
  rows: () => [...document.querySelectorAll('#events [role=option]')],
  active: () => document.getElementById($('.rows').getAttribute('aria-activedescendant')),
};
document.title = 'ready';

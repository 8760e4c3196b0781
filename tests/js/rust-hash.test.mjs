// A graph has one hash in both languages. `tests/core/executor/running.rs` builds the same one of Rust nodes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { append, END, GraphBuilder, last, merge, START } from 'weavegraph-wasm';
import { root } from '../../scripts/command.mjs';

test('a graph of JavaScript nodes has the hash of the same graph of Rust nodes', () => {
  const app = new GraphBuilder({
    channels: {
      topic: last({ initial: 'tides' }),
      facts: merge({ initial: { b: [1, 2.5, 1e21, 1e-7, -0], a: 'é\n\u{1f600}' } }),
      drafts: append({ key: (item) => item.id }),
    },
  })
    .addNode('draft', () => {}, { retry: { maxAttempts: 3, initialDelayMs: 20 }, timeoutMs: 2000, metadata: { tier: 1 } })
    .addNode('judge', () => {})
    .addEdge(START, 'draft')
    .addEdge('draft', 'judge')
    .addConditionalEdge('judge', () => END, [END, 'draft'])
    .compile();
  const source = readFileSync(join(root, 'tests/core/executor/running.rs'), 'utf8');
  assert.equal(app.definitionHash(), /definition_hash\(\), "([0-9a-f]{16})"/.exec(source)?.[1]);
});

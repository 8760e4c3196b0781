// The installed package in every runtime that is no browser, as its users have it: no flag, no permission, no configuration. Each runs the
// same behaviour suite, and loads the package in each way that it can.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { caseNames } from '../behaviour/suite.mjs';
import { createProject, names, program } from '../packaging/project.mjs';
import { lockedVersion, runIn, runtimes } from './runtimes.mjs';

const print = 'console.log(JSON.stringify(count));';
const suite = (entry) => `import * as weavegraph from '${entry}';
import { runSuite } from './behaviour/suite.mjs';
console.log(JSON.stringify(await runSuite(weavegraph)));`;
const required = (entry) => `const { ${names} } = require('${entry}');\n(async () => { ${program}${print} })();`;
const files = {
  'import.mjs': `import { ${names} } from 'weavegraph-wasm';\n${program}${print}`,
  'inline.mjs': `import { ${names} } from 'weavegraph-wasm/inline';\n${program}${print}`,
  'require.cjs': required('weavegraph-wasm'),
  'require-inline.cjs': required('weavegraph-wasm/inline'),
  'slim.mjs': `import { ${names}, init } from 'weavegraph-wasm/slim';\nawait init();\n${program}${print}`,
  'slim-source.mjs': `import { ${names}, init } from 'weavegraph-wasm/slim';\nimport source engine from 'weavegraph-wasm/engine.wasm';\nawait init(engine);\n${program}${print}`,
  'typed.ts': `import { append, END, GraphBuilder, START } from 'weavegraph-wasm';
const app = new GraphBuilder({ channels: { lines: append<string>() } }).addNode('a', () => ({ lines: 'hello' })).addEdge(START, 'a').addEdge('a', END).compile();
const { lines } = await app.invoke();
const first: string | undefined = lines[0];
console.log(JSON.stringify(first));`,
  'mistyped.ts': `import { append } from 'weavegraph-wasm';\nexport const kind: 5 = append<string>().kind;`,
  'suite.mjs': suite('weavegraph-wasm'),
  'suite-inline.mjs': suite('weavegraph-wasm/inline'),
  'testing.mjs': `import { MemoryCheckpointer } from 'weavegraph-wasm';
import { checkpointerContract, MockClock } from 'weavegraph-wasm/testing';
const failed = [];
const cases = checkpointerContract(() => new MemoryCheckpointer(), { persists: false });
for (const { name, run } of cases) await run().catch((thrown) => failed.push(name + ': ' + thrown));
console.log(JSON.stringify({ count: cases.length, failed, now: new MockClock(5).now() }));`,
  'idle.mjs': `import 'weavegraph-wasm';`,
};

let project;
before(async () => {
  project = await createProject();
  fill(project.folder);
});
after(() => project?.remove());

function fill(folder) {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  cpSync(join(root, 'tests/behaviour'), join(folder, 'behaviour'), { recursive: true });
}

for (const runtime of runtimes) {
  const run = async (...given) => JSON.parse(await runIn(runtime, project.folder, given));

  describe(runtime.name, () => {
    test('it is the version that the lock file names', async () => {
      writeFileSync(join(project.folder, 'who.mjs'), `console.log(JSON.stringify(${runtime.version}));`);
      assert.equal(await run('who.mjs'), lockedVersion(runtime));
    });

    test('the behaviour suite passes, every case of it', async () => {
      const { passed, failed } = await run('suite.mjs');
      assert.deepEqual(failed, []);
      assert.deepEqual(passed, caseNames);
    });

    test('an import that returned is ready, from the package and from inline', async () => {
      assert.deepEqual([await run('import.mjs'), await run('inline.mjs')], [42, 42]);
    });

    test('weavegraph-wasm/testing goes with it, and its contract holds for sessions in memory', async () => {
      const { count, failed, now } = await run('testing.mjs');
      assert.deepEqual([failed, now], [[], 5]);
      assert.ok(count > 10, `${count} cases`);
    });

    test('a program that only imports the package ends', async () => {
      assert.equal(await runIn(runtime, project.folder, ['idle.mjs']), '');
    });

    if (runtime.canRequire) {
      test('require works, of the package and of inline', async () => {
        assert.deepEqual([await run('require.cjs'), await run('require-inline.cjs')], [42, 42]);
      });

      test('slim finds its own wasm', async () => {
        assert.equal(await run('slim.mjs'), 42);
      });
    }
  });
}

describe('Deno', () => {
  const deno = runtimes.find(({ name }) => name === 'Deno');
  const run = async (...given) => JSON.parse(await runIn(deno, project.folder, given));

  test('require works of inline; of the package itself it needs to read the wasm', async () => {
    assert.equal(await run('require-inline.cjs'), 42);
    await assert.rejects(run('require.cjs'), /--allow-read/);
    assert.equal(await run('--allow-read', 'require.cjs'), 42);
  });

  test('slim takes the wasm as a source phase import', async () => {
    assert.equal(await run('slim-source.mjs'), 42);
  });

  test('TypeScript runs as it is, and the types are found', async () => {
    assert.equal(await run('typed.ts'), 'hello');
    await runIn(deno, project.folder, ['check', 'typed.ts'], { isCommand: true });
    await assert.rejects(runIn(deno, project.folder, ['check', 'mistyped.ts'], { isCommand: true }), /TS2322/);
  });
});

describe('Bun', () => {
  const bun = runtimes.find(({ name }) => name === 'Bun');
  let folder;

  before(async () => {
    folder = join(project.folder, 'by-bun');
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true }\n');
    fill(folder);
    await runIn(bun, folder, ['add', project.tarball], { isCommand: true });
  });

  test('bun add installs the tarball, and the behaviour suite passes there', async () => {
    const { passed, failed } = JSON.parse(await runIn(bun, folder, ['suite.mjs']));
    assert.deepEqual(failed, []);
    assert.deepEqual(passed, caseNames);
  });

  test('TypeScript runs as it is', async () => {
    assert.equal(JSON.parse(await runIn(bun, folder, ['typed.ts'])), 'hello');
  });
});

describe('inline, in Node 20', () => {
  test('the behaviour suite passes, every case of it', async () => {
    const { passed, failed } = JSON.parse(await runIn(runtimes[0], project.folder, ['suite-inline.mjs']));
    assert.deepEqual(failed, []);
    assert.deepEqual(passed, caseNames);
  });
});

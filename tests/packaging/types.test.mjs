// The installed declarations, under each way that TypeScript finds them and under each environment's global types.
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { createProject, names, program } from './project.mjs';

const strict = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, target: 'ES2022' };
const resolutions = {
  NodeNext: { module: 'NodeNext' },
  Node16: { module: 'Node16' },
  bundler: { module: 'ESNext', moduleResolution: 'bundler' },
};
const environments = {
  dom: { lib: ['ES2022', 'DOM', 'DOM.Iterable'], types: [] },
  node: { lib: ['ES2022'], types: ['node'] },
  workers: { lib: ['ES2022'], types: ['@cloudflare/workers-types'] },
};

let project;
before(async () => {
  project = await createProject();
  symlinkSync(join(root, 'node_modules/@types'), join(project.folder, 'node_modules/@types'));
  symlinkSync(join(root, 'node_modules/@cloudflare'), join(project.folder, 'node_modules/@cloudflare'));
  const use = `${program}const exact: number = count;\nvoid exact;\n`;
  project.write('main.mts', `import { ${names} } from 'weavegraph-wasm';\n${use}`);
  project.write('inline.mts', `import { ${names} } from 'weavegraph-wasm/inline';\n${use}`);
  project.write('slim.mts', `import { ${names}, init } from 'weavegraph-wasm/slim';
await init();
await init(new URL('https://example.org/engine.wasm'));
await init('https://example.org/engine.wasm');
await init(fetch('https://example.org/engine.wasm'));
await init(await fetch('https://example.org/engine.wasm'));
await init(new Uint8Array(8));
await init(new ArrayBuffer(8));
// @ts-expect-error a number is no source
init(1);
${use}`);
  // Node's own types do not know WebAssembly.
  project.write('module.mts', "import { init } from 'weavegraph-wasm/slim';\ndeclare const module: WebAssembly.Module;\nawait init(module);\n");
});
after(() => project.remove());

function compile(compiler, compilerOptions, files) {
  project.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
  return project.compile(compiler);
}

for (const [compiler, ways] of Object.entries({ typescript: ['NodeNext', 'Node16', 'bundler'], 'typescript-5.9': ['NodeNext'] })) {
  for (const resolution of ways) {
    for (const [environment, types] of Object.entries(environments)) {
      test(`${compiler} accepts a user's program with ${resolution} resolution under ${environment} types`, async () => {
        const files = ['main.mts', 'inline.mts', 'slim.mts', ...(environment === 'node' ? [] : ['module.mts'])];
        assert.equal(await compile(compiler, { ...strict, ...resolutions[resolution], ...types }, files), '');
      });
    }
  }
}

test('a wrong use is refused', async () => {
  project.write('wrong.mts', `import { ${names} } from 'weavegraph-wasm';\n${program}const text: string = count;\nvoid text;\n`);
  assert.match(await compile('typescript', { ...strict, ...resolutions.NodeNext, ...environments.dom }, ['wrong.mts']), /wrong\.mts.*TS2322/);
});

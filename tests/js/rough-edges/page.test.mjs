// docs/weavegraph.md: its lines are those of the list, its tests are tests, and what it says is in the package is.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorCodes } from '../../../build/facade/errors.js';
import { eventTypes } from '../../../build/facade/words.js';
import { root } from '../../../scripts/command.mjs';
import { caseNames } from '../../behaviour/suite.mjs';

// The compiler of the repository is native and has no API.
const ts = createRequire(import.meta.url)('typescript-5.9');
const page = readFileSync(join(root, 'docs/weavegraph.md'), 'utf8');
const [edges, api] = page.split('\n## The API\n');
const rowsOf = (text) => text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| |') && !line.startsWith('| Weavegraph')).map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

test('the 40 rough edges are listed in their order, each with how it is here', () => {
  const rows = rowsOf(edges);
  assert.deepEqual(rows.map(([number]) => Number(number)), Array.from({ length: 40 }, (_, at) => at + 1));
  for (const [number, there, here, tests, more] of rows) assert.ok(there.length > 20 && here.length > 20 && tests.length > 20 && more === undefined, number);
});

test('each test that the page names is in its file under that very name, and each test of a rough edge is named', () => {
  const named = rowsOf(edges).flatMap(([number, , , tests]) => {
    let file;
    return tests.split(/; (?=rough edge|`)/).map((text) => {
      const [, inFile, name] = /^(?:`([\w.]+)`: )?(rough edge \d+: .+)$/.exec(text) ?? assert.fail(text);
      file = inFile ?? file;
      assert.ok(name.startsWith(`rough edge ${number}: `), name);
      const paths = ['tests/behaviour/rough-edges', 'tests/js/rough-edges'].map((folder) => join(root, folder, file)).filter(existsSync);
      assert.equal(paths.length, 1, file);
      const source = readFileSync(paths[0], 'utf8');
      const isCase = source.includes(`\n  '${name}': async (`) && caseNames.includes(name);
      assert.ok(isCase || source.includes(`\ntest('${name}', `), `${file} has no test ${name}`);
      return name;
    });
  });
  assert.equal(new Set(named).size, named.length);
  const there = caseNames.filter((name) => name.startsWith('rough edge'));
  assert.deepEqual(there.filter((name) => !named.includes(name)), []);
});

test('what the page says to be in the package is an export, a member, an event type or a code', () => {
  const folder = join(root, 'tests/node_modules/weavegraph-wasm');
  const files = ['index.d.ts', 'testing/index.d.ts'].map((file) => join(folder, file));
  const program = ts.createProgram(files, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, noLib: true, types: [] });
  const checker = program.getTypeChecker();
  const exported = new Map(files.flatMap((file) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)))).map((symbol) => [symbol.name, symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol]));
  const membersOf = (symbol) => {
    const declared = checker.getDeclaredTypeOfSymbol(symbol);
    const own = (declared.isUnion() ? declared.types : [declared]).flatMap((type) => checker.getPropertiesOfType(type));
    const statics = symbol.valueDeclaration === undefined ? [] : checker.getPropertiesOfType(checker.getTypeOfSymbolAtLocation(symbol, symbol.valueDeclaration));
    return [...own, ...statics].map(({ name }) => name);
  };
  const rows = rowsOf(api);
  assert.ok(rows.length > 80, `${rows.length} rows`);
  for (const [there, here, more] of rows) {
    assert.equal(more, undefined, there);
    // Options by their word, and a value.
    const words = [...here.matchAll(/`([^`]+)`/g)].map(([, word]) => word).filter((word) => !['channels', 'id', 'null'].includes(word));
    assert.ok(words.length > 0 || /^not here: |^a string/.test(here), `${there}: ${here}`);
    for (const word of words) {
      const [, name, member] = /^([A-Za-z]\w*)(?:\.(\w+))?$/.exec(word) ?? assert.fail(`${there}: ${word}`);
      if (eventTypes.includes(word) || errorCodes.includes(word)) continue;
      assert.ok(exported.has(name), `${there}: there is no ${name}`);
      if (member !== undefined) assert.ok(membersOf(exported.get(name)).includes(member), `${there}: ${name} has no ${member}`);
    }
  }
});

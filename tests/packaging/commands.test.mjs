// The commands' own manners: the server, and how wrong arguments are answered.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/command.mjs';
import { serve, strictPolicy } from '../../scripts/serve.mjs';

let folder;
let server;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weavegraph-serve-'));
  mkdirSync(join(folder, 'site'));
  for (const name of ['index.html', 'a.js', 'a.wasm', 'a b.txt']) writeFileSync(join(folder, 'site', name), name);
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  mkdirSync(join(folder, 'site-of-others'));
  writeFileSync(join(folder, 'site-of-others/secret.txt'), 'secret');
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'site/link.txt'));
  server = await serve({ folders: { '/site/': join(folder, 'site') }, home: '/site/' });
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** The answer to a path that is sent as it is; `fetch` would tidy it first. */
function rawRequest(path, method = 'GET') {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1', () => socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => resolve(text)).on('error', reject);
  });
}

test('files come with their type and a strict policy', async () => {
  for (const [path, type] of [['/site/', 'text/html; charset=utf-8'], ['/site/a.js?x', 'text/javascript; charset=utf-8'], ['/site/a.wasm', 'application/wasm'], ['/site/a%20b.txt', 'text/plain; charset=utf-8']]) {
    const response = await fetch(server.address + path);
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get('content-type'), type);
    assert.equal(response.headers.get('content-security-policy'), strictPolicy);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.ok((await response.text()).length > 0);
  }
  assert.equal(new URL((await fetch(`${server.address}/`)).url).pathname, '/site/');
});

test('nothing outside the folder is served', async () => {
  for (const path of ['/site/../secret.txt', '/site/%2e%2e/secret.txt', '/site/..%2fsecret.txt', '/site/..%5csecret.txt', '/site/%2e%2e/site-of-others/secret.txt', '/site/link.txt', '//secret.txt', '/secret.txt', '/site/%00', '/site/%', '/site//etc/passwd', 'http://x/site/../secret.txt']) {
    const answer = await rawRequest(path);
    assert.match(answer, /^HTTP\/1\.1 (400|404) /, path);
    assert.doesNotMatch(answer, /secret$/, path);
  }
  assert.match(await rawRequest('/site/', 'POST'), /^HTTP\/1\.1 405 /);
  assert.match(await rawRequest('/site/', 'HEAD'), /^HTTP\/1\.1 200 .*\r\n\r\n$/s);
});

test('wrong arguments get one clear line and exit code 1', () => {
  for (const [script, args, expected] of [
    ['start', ['--prot', '1'], /--prot.*Usage: npm start/],
    ['start', ['--port', 'x'], /--port x is not a port/],
    ['start', ['--port', '1', '--terminal', 'x'], /exclude each other/],
    ['start', ['--terminal', 'no-such-file'], /There is no file no-such-file/],
    ['start', ['--terminal', '.'], /is not a file/],
    ['start', ['letter.txt'], /letter\.txt.*Usage: npm start/],
    ['build', ['--hook'], /--hooks/],
    ['test', ['no-such-stage'], /no stage no-such-stage.*Stages: format/],
    ['bench', ['no-such-bench'], /No bench is called like that/],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', `${script}.mjs`), ...args], { cwd: root, encoding: 'utf8', env: { ...process.env, INIT_CWD: root } });
    assert.equal(status, 1, `${script} ${args}: ${stderr}`);
    assert.match(stderr, expected);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }
});

// A witness outside the browser: keeps what pages reported before they died, and judges it. Owns the reports and the rules; must not know
// how a page was killed. Listens on loopback.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';

/** Starts it. `reports` grows as pages report; `until(matches, ms)` waits for one. */
export async function startWitness() {
  const reports = [];
  const waiting = new Set();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end();
    if (request.method !== 'POST') return;
    const report = JSON.parse(text);
    reports.push(report);
    for (const each of [...waiting]) each(report);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    reports,
    address: `http://127.0.0.1:${server.address().port}/`,
    /** The first report that matches, now or within `ms`; `undefined` after that. */
    until(matches, ms) {
      const there = reports.find(matches);
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => {
        const settle = (report) => {
          waiting.delete(look);
          clearTimeout(timer);
          resolve(report);
        };
        const look = (report) => matches(report) && settle(report);
        const timer = setTimeout(settle, ms, undefined);
        waiting.add(look);
      });
    },
    close: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  };
}

/**
 * What must hold whatever was killed: a step that was acknowledged is found by every later life and never runs again; within a life
 * no step runs twice; every end is the uninterrupted run's. Returns how much there was to check.
 */
export function judge(reports, expectedLog) {
  const broken = reports.filter(({ kind }) => kind === 'broken');
  assert.deepEqual(broken, []);
  let acknowledged = 0;
  for (const session of new Set(reports.map((report) => report.session))) {
    const own = reports.filter((report) => report.session === session);
    for (const life of new Set(own.map((report) => report.life))) {
      const steps = own.filter((report) => report.life === life && report.kind === 'ran').map(({ step }) => step);
      assert.equal(new Set(steps).size, steps.length, `session ${session}, life ${life}: a step ran twice`);
    }
    for (const { life, step } of own.filter(({ kind }) => kind === 'acknowledged')) {
      acknowledged += 1;
      const again = own.find((report) => report.life > life && report.kind === 'ran' && report.step === step);
      assert.equal(again, undefined, `session ${session}: step ${step} was acknowledged in life ${life} and ran again in life ${again?.life}`);
      const short = own.find((report) => report.life > life && report.kind === 'found' && report.step < step);
      assert.equal(short, undefined, `session ${session}: step ${step} was acknowledged in life ${life}, and life ${short?.life} found only ${short?.step}`);
    }
    for (const end of own.filter(({ kind }) => kind === 'end')) {
      assert.equal(end.status, 'completed', JSON.stringify({ ...end, log: undefined }));
      assert.deepEqual(end.log, expectedLog, `session ${session} ended otherwise than the uninterrupted run`);
    }
  }
  return { acknowledged, ends: reports.filter(({ kind }) => kind === 'end').length };
}

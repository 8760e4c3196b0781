// A browser as a process of its own that can be killed like any process: no driver, no debugging port, a profile that outlives it.
// Owns the flags, the profile's folder and the process group; must not know what the page does.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureChromium, ensureFirefox } from '../../scripts/prerequisites.mjs';

const chromiumFlags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];
/** After a crash Firefox would ask how to go on, and at its start it would look up hosts. */
const firefoxPreferences = {
  'browser.shell.checkDefaultBrowser': false, 'browser.startup.homepage_override.mstone': 'ignore', 'browser.sessionstore.resume_from_crash': false,
  'toolkit.startup.max_resumed_crashes': -1, 'datareporting.policy.dataSubmissionEnabled': false, 'toolkit.telemetry.reportingpolicy.firstRun': false,
  'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false, 'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false, 'browser.safebrowsing.downloads.remote.enabled': false, 'services.settings.server': 'data:,',
};

const programs = {
  chromium: {
    find: async () => (await ensureChromium()).chromium,
    args: (profile, address) => [...chromiumFlags, `--user-data-dir=${profile}`, address],
    prepare: () => {},
  },
  firefox: {
    find: async () => (await ensureFirefox()).firefox,
    args: (profile, address) => ['--headless', '--no-remote', '--profile', profile, address],
    prepare: (profile) => {
      const lines = Object.entries(firefoxPreferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
      writeFileSync(join(profile, 'user.js'), `${lines.join('\n')}\n`);
    },
  },
};

/** A profile of `chromium` or `firefox`: `open(address)` starts the browser with it, `remove` ends it all. */
export async function createProfile(name) {
  const program = programs[name];
  const path = await program.find();
  const folder = mkdtempSync(join(tmpdir(), `weavegraph-${name}-`));
  program.prepare(folder);
  let open;
  const kill = async () => {
    if (open === undefined) return;
    const { child, ended } = open;
    open = undefined;
    // The whole group, at once: nothing of the browser gets to write anything more.
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
    await ended;
  };
  return {
    async open(address) {
      await kill();
      const child = spawn(path, program.args(folder, address), { detached: true, stdio: 'ignore' });
      open = { child, ended: new Promise((resolve) => child.once('close', resolve)) };
    },
    kill,
    async remove() {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

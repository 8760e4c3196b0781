// Owns what the commands need from the machine: finds it, installs what can be installed, and says so first.
// Uses Node's built-ins only, since npm's packages are among what it installs. Invariant: nothing is installed silently,
// and nothing that is there in another version is replaced.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Refusal, probe, root, run, say } from './command.mjs';

const wasmTarget = 'wasm32-unknown-unknown';

/** Node and npm's packages, as the lock file names them. */
export async function ensureNodePackages() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 11)) throw new Refusal(`Node ${process.versions.node} is too old: install Node 20.11 or newer.`);
  await ensurePackagesIn(root);
}

/** The packages of the lock file in `folder`, which names each that it needs in an exact version. */
export async function ensurePackagesIn(folder) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const wanted = Object.entries({ ...dependencies, ...devDependencies });
  const missing = wanted.filter(([name, version]) => installedVersion(folder, name) !== version.split('@').pop());
  if (missing.length === 0) return;
  say(`Installing npm's packages${folder === root ? '' : ` in ${relative(root, folder)}/`} (${missing.map(([name]) => name).join(', ')}): npm ci`);
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
}

/** Rust with the wasm target, and the linker that cargo needs for build scripts and macros. */
export async function ensureRust() {
  // Loud: rustup may first fetch the toolchain that rust-toolchain.toml names.
  if (probe('cargo', ['--version'], { isLoud: true }) === undefined) {
    throw new Refusal('Rust is missing: install rustup (https://rustup.rs), then run this again.');
  }
  if (probe('cc', ['--version']) === undefined) {
    throw new Refusal('A C compiler (cc) is missing, cargo links with it: apt-get install build-essential (macOS: xcode-select --install).');
  }
  const targets = probe('rustup', ['target', 'list', '--installed']);
  if (targets?.split(/\s+/).includes(wasmTarget) === false) {
    say(`Installing the Rust target: rustup target add ${wasmTarget}`);
    await run('rustup', ['target', 'add', wasmTarget]);
  }
}

/** A command line tool from crates.io in exactly this version. A compile takes minutes; cargo shows how far it is. */
export async function ensureCargoTool(tool, crate, version) {
  const found = probe(tool, ['--version'])?.split(' ').pop();
  if (found === version) return;
  const install = ['install', crate, '--version', version];
  if (found !== undefined) {
    throw new Refusal(`${tool} ${found} is installed, ${version} is needed: cargo ${install.join(' ')} --force`);
  }
  say(`${tool} is missing. Installing it, which takes some minutes: cargo ${install.join(' ')}`);
  await run('cargo', install);
}

/** Chromium and its driver. Returns their paths; the environment variables CHROMIUM and CHROMEDRIVER come first. */
export async function ensureChromium() {
  if (findChromium() === undefined || findDriver() === undefined) {
    await installByApt('Chromium or its driver is missing', ['chromium', 'chromium-driver'], chromiumRemedy);
  }
  const [chromium, driver] = [findChromium(), findDriver()];
  if (chromium === undefined || driver === undefined) throw new Refusal(chromiumRemedy);
  return { chromium, driver };
}

/** Firefox and its driver. Returns their paths; the environment variables FIREFOX and GECKODRIVER come first. */
export async function ensureFirefox() {
  if (findFirefox() === undefined) await installByApt('Firefox is missing', ['firefox-esr'], firefoxRemedy);
  const firefox = findFirefox();
  if (firefox === undefined) throw new Refusal(firefoxRemedy);
  // Debian has no package of it. Any version that is there will do.
  if (findGeckodriver() === undefined) {
    const install = ['install', 'geckodriver', '--version', geckodriverVersion];
    say(`Firefox's driver is missing. Installing it, which takes some minutes: cargo ${install.join(' ')}`);
    await run('cargo', install);
  }
  const driver = findGeckodriver();
  if (driver === undefined) throw new Refusal(firefoxRemedy);
  return { firefox, driver };
}

/** WebKitGTK's driver, which brings its browser along, and a screen in memory for it. Returns their paths. */
export async function ensureWebKit() {
  const find = () => ({ driver: findProgram('WebKitWebDriver'), screen: findProgram('Xvfb') });
  if (Object.values(find()).includes(undefined)) await installByApt('WebKitGTK or its screen is missing', ['webkit2gtk-driver', 'xvfb'], webKitRemedy);
  const found = find();
  if (Object.values(found).includes(undefined)) throw new Refusal(webKitRemedy);
  return found;
}

const webKitRemedy = 'WebKitGTK, its driver or its screen is missing: apt-get install webkit2gtk-driver xvfb.';

/** The runtimes that tests/runtimes/package.json names; npm has them as programs for one platform. */
export async function ensureRuntimes() {
  const { glibcVersionRuntime } = process.report.getReport().header;
  if (process.platform !== 'linux' || process.arch !== 'x64' || glibcVersionRuntime === undefined) {
    throw new Refusal(`The runtimes are tested on Linux with glibc on x64 only, this is ${process.platform} on ${process.arch}: name other stages.`);
  }
  await ensurePackagesIn(join(root, 'tests/runtimes'));
}

/** Valgrind, whose callgrind counts instructions. */
export async function ensureValgrind() {
  const remedy = 'Valgrind is missing: apt-get install valgrind.';
  if (findProgram('valgrind') === undefined) await installByApt('Valgrind is missing', ['valgrind'], remedy);
  if (findProgram('valgrind') === undefined) throw new Refusal(remedy);
}

/** Graphviz, which draws what is in DOT. */
export async function ensureGraphviz() {
  const remedy = 'Graphviz is missing: apt-get install graphviz.';
  if (findProgram('dot') === undefined) await installByApt('Graphviz is missing', ['graphviz'], remedy);
  if (findProgram('dot') === undefined) throw new Refusal(remedy);
}

/** The path of Firefox, or `undefined`. */
export function findFirefox() {
  return process.env.FIREFOX ?? findProgram('firefox', 'firefox-esr');
}

/** The path of Chromium, or `undefined`. */
export function findChromium() {
  return process.env.CHROMIUM ?? findProgram('chromium', 'chromium-browser', 'google-chrome');
}

const chromiumRemedy =
  'Chromium or its driver is missing: apt-get install chromium chromium-driver, or name them in the environment as CHROMIUM and CHROMEDRIVER.';

function findDriver() {
  return process.env.CHROMEDRIVER ?? findProgram('chromedriver');
}

const geckodriverVersion = '0.37.1';
const firefoxRemedy =
  `Firefox or its driver is missing: apt-get install firefox-esr, cargo install geckodriver --version ${geckodriverVersion}, or name them in the environment as FIREFOX and GECKODRIVER.`;

function findGeckodriver() {
  return process.env.GECKODRIVER ?? findProgram('geckodriver');
}

async function installByApt(problem, packages, remedy) {
  if (findProgram('apt-get') === undefined) throw new Refusal(remedy);
  const asRoot = process.getuid?.() === 0 ? [] : probe('sudo', ['-n', 'true']) === undefined ? undefined : ['sudo', '-n'];
  if (asRoot === undefined) throw new Refusal(remedy);
  say(`${problem}. Installing: apt-get install ${packages.join(' ')}`);
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const [command, ...rest] = [...asRoot, 'apt-get', ...args];
    await run(command, rest, { env: { DEBIAN_FRONTEND: 'noninteractive' } });
  }
}

function findProgram(...names) {
  for (const name of names) {
    const path = probe('sh', ['-c', `command -v ${name}`]);
    if (path) return path;
  }
  return undefined;
}

function installedVersion(folder, name) {
  try {
    return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

// The browsers of three engines, each as a process of its own with a profile of its own: `start()`, then `open(address)` and `remove()`.
// Must not know what is shown in them.
import { createProfile } from './browser-process.mjs';
import { startWebKit } from './webkit.mjs';

export const engines = [
  { name: 'chromium', start: () => createProfile('chromium'), agent: /Chrome\// },
  { name: 'firefox', start: () => createProfile('firefox'), agent: /Firefox\// },
  { name: 'webkit', start: startWebKit, agent: /^(?!.*Chrom).*AppleWebKit\// },
];

// What a test file has started ends with it, also when the runner stops the file at its limit. Must not know what was started.
const endings = new Set();

const endAll = () => {
  for (const end of endings) end();
};
process.once('exit', endAll);
process.once('SIGTERM', () => process.exit(143));

/** Calls `end` as the process ends, unless what it returns was called before, which calls it at once. */
export function atEnd(end) {
  endings.add(end);
  return () => {
    if (endings.delete(end)) end();
  };
}

// What nodes wait for in the cases of open sessions.

/** Each node awaits `opened`; `open` lets all of them go on. */
export function createGate() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { opened, open };
}

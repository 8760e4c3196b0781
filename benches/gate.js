// What nodes wait for in the cases of runs in flight.

/** Each node awaits `pass()`; once `count` of them do, `full` is fulfilled, and `open` lets all go on. */
export function createGate(count) {
  let open;
  let fill;
  const opened = new Promise((resolve) => (open = resolve));
  const full = new Promise((resolve) => (fill = resolve));
  let waiting = 0;
  const pass = () => {
    waiting += 1;
    if (waiting === count) fill();
    return opened;
  };
  return { pass, open, full };
}

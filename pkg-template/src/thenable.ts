/** Whether user code returned a promise, of whatever make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && typeof (value as PromiseLike<unknown>).then === 'function';
}

/** As `await` takes it: one of another make may settle twice, throw, or give another promise. */
export function asPromise(value: PromiseLike<unknown>): PromiseLike<unknown> {
  return value instanceof Promise ? value : Promise.resolve(value);
}

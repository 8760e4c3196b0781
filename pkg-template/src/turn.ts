/**
 * A later turn of the event loop, as soon as possible: setImmediate where there is one, else a message to oneself. Never
 * setTimeout, which browsers stretch to 4 ms, but where requests are kept apart.
 */

import { isolation } from './requests.js';

declare function setImmediate(callback: () => void): unknown;

let channel: { port1: MessagePort; port2: MessagePort } | undefined;
const waiting: Array<() => void> = [];

export function nextTurn(callback: () => void): void {
  // A channel belongs to the request that made it.
  if (isolation !== undefined) {
    setTimeout(callback, 0);
  } else if (typeof setImmediate === 'function') {
    setImmediate(callback);
  } else if (typeof MessageChannel === 'function') {
    if (channel === undefined) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => waiting.shift()?.();
    }
    waiting.push(callback);
    channel.port2.postMessage(0);
  } else {
    setTimeout(callback, 0);
  }
}

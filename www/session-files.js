/**
 * Owns: sessions as files: what a file is called, the way out by a link, the way in with words for what is wrong.
 * Must not know: the list, what a session is about.
 * Invariant: what comes in is text and JSON, checked by the package before anything is stored; an existing session is never replaced.
 */

import { oneLine, short } from './views/session-text.js';

/** Of a file that is imported. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_NAME_CHARS = 60;

/** A file name of any title, safe on every system: letters, digits and dashes behind `briefing-`. */
export function fileNameOf(title) {
  const words = title.normalize('NFC').toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, '-').replace(/^-|-$/gu, '');
  const cut = words.slice(0, MAX_NAME_CHARS).replace(/[\uD800-\uDBFF]$/u, '').replace(/-$/u, '');
  return `briefing-${cut || 'session'}.json`;
}

/** Saves a session as a JSON file, as the browser saves downloads. @returns {Promise<string>} the file's name */
export async function exportSession(checkpointer, sessionId, title) {
  const dump = await checkpointer.exportSession(sessionId);
  const name = fileNameOf(title);
  const url = URL.createObjectURL(new Blob([JSON.stringify(dump)], { type: 'application/json' }));
  const link = document.createElement('a');
  Object.assign(link, { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  // Some browsers begin to read a moment after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return name;
}

/**
 * Makes a session of a file that `exportSession` made. One that is here already comes in a second time, under a fresh id.
 * @param {File} file @returns {Promise<{ sessionId: string, isCopy: boolean }>}
 * @throws {Error} its message is a sentence for the user
 */
export async function importFile(checkpointer, file) {
  const name = short(oneLine(file.name), 80) || 'The file';
  if (file.size > MAX_FILE_BYTES) throw new Error(`${name} is larger than 64 MB and was not read.`);
  const dump = parsed(await textOf(file, name), name);
  try {
    return { sessionId: await checkpointer.importSession(dump), isCopy: false };
  } catch (error) {
    // The session is here; SESSION_BUSY: it is, and runs.
    if (error?.code !== 'CHECKPOINT_CONFLICT' && error?.code !== 'SESSION_BUSY') throw new Error(importProblem(name, error), { cause: error });
  }
  try {
    return { sessionId: await checkpointer.importSession(dump, { as: freshId() }), isCopy: true };
  } catch (error) {
    throw new Error(importProblem(name, error), { cause: error });
  }
}

async function textOf(file, name) {
  try {
    return await file.text();
  } catch (error) {
    throw new Error(`${name} cannot be read.`, { cause: error });
  }
}

function parsed(text, name) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is not an exported session: it is no JSON.`, { cause: error });
  }
}

function importProblem(name, error) {
  switch (error?.code) {
    case 'CHECKPOINT_CORRUPT': return `${name} is not a sound exported session; nothing was imported.`;
    case 'CHECKPOINT_VERSION': return `${name} was exported by a newer version of this page; reload to get that version.`;
    case 'CHECKPOINT_QUOTA': return `The browser has no room for ${name}. Delete sessions first.`;
    default: return `${name} could not be imported: ${typeof error?.message === 'string' ? error.message : 'the storage refused it'}`;
  }
}

/** Not all pages have `randomUUID`: it is missing where the connection is not secure. */
function freshId() {
  return globalThis.crypto.randomUUID?.() ?? Array.from(globalThis.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

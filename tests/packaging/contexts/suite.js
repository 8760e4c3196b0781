// The answer of a realm, and what the behaviour suite says there.
import { runSuite } from '../../behaviour/suite.mjs';
import { answer as answerShort } from './answer.js';

/** Plain JSON: `passed` is how many cases did. */
export async function answer(weavegraph) {
  const { passed, failed } = await runSuite(weavegraph);
  return { ...(await answerShort(weavegraph)), passed: passed.length, failed };
}

// What a realm answers: which one it is, what the behaviour suite says there, and a session in IndexedDB that another checkpointer reads
// back. Must not know how the package was loaded, nor how the answer leaves the realm.
import { runSuite } from '../../behaviour/suite.mjs';

/** Plain JSON. `weavegraph` is the package's namespace. */
export async function answer(weavegraph) {
  const realm = globalThis.constructor.name;
  const { passed, failed } = await runSuite(weavegraph);
  return { realm, passed: passed.length, failed, stored: await store(weavegraph, `of a ${realm}`) };
}

async function store({ END, GraphBuilder, IndexedDbCheckpointer, last, START }, name) {
  const compile = () => {
    const checkpointer = new IndexedDbCheckpointer({ name });
    return new GraphBuilder({ channels: { count: last({ initial: 0 }) } })
      .addNode('increment', (state) => ({ count: state.count + 1 }))
      .addEdge(START, 'increment')
      .addEdge('increment', END)
      .compile({ checkpointer });
  };
  await compile().invoke({ count: 41 }, { sessionId: 'kept' });
  const { state } = await compile().getState('kept');
  return state.count;
}

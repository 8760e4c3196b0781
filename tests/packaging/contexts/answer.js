// What a realm answers: which one it is, and a session in IndexedDB that another checkpointer reads back. Must not know how the package was
// loaded, nor how the answer leaves the realm.

/** Plain JSON. `weavegraph` is the package's namespace. */
export async function answer(weavegraph) {
  const realm = globalThis.constructor.name;
  return { realm, stored: await store(weavegraph, `of a ${realm}`) };
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

// Where each error code is provoked. A new code has to be put in here, so somebody decides what tests it.
const files = {
  'graph-errors': `GRAPH_MISSING_ENTRY GRAPH_CYCLE GRAPH_UNREACHABLE GRAPH_NO_PATH_TO_END GRAPH_DUPLICATE_EDGE GRAPH_DUPLICATE_NODE GRAPH_EDGE_FROM_END
    GRAPH_EDGE_TO_START GRAPH_UNKNOWN_NODE GRAPH_RESERVED_NAME GRAPH_INVALID_NAME GRAPH_INVALID_CHANNEL GRAPH_INVALID_JOIN GRAPH_INVALID`,
  errors: `STATE_UNKNOWN_CHANNEL STATE_INVALID_UPDATE STATE_NOT_CLONEABLE STATE_CONFLICT STATE_REDUCER NODE_THREW NODE_TIMEOUT NODE_INVALID_RESULT
    ROUTE_THREW ROUTE_UNKNOWN_TARGET RUN_STEP_LIMIT RUN_TIMEOUT RUN_CANCELLED`,
  refusals: `RUN_INVALID_OPTION RUN_ALREADY_ACTIVE SESSION_NOT_FOUND SESSION_BUSY SESSION_UNFINISHED INTERRUPT_UNKNOWN INTERRUPT_UNANSWERED CHECKPOINT_UNAVAILABLE
    CHECKPOINT_GRAPH_CHANGED CHECKPOINT_NO_STORE NOT_INITIALIZED RUN_DEPTH_LIMIT`,
  streams: 'STREAM_INVALID',
  'state-key': 'STATE_MISSING_KEY STATE_INVALID_KEY',
  replay: 'REPLAY_MISMATCH',
  'app-runner': 'SESSION_INVALID_ENTRY',
  panic: 'ENGINE_PANICKED',
  // A log that is damaged, too new, or written by two: only the core's tests can make one.
  core: 'CHECKPOINT_CONFLICT CHECKPOINT_CORRUPT CHECKPOINT_VERSION',
  // What only a browser's store can meet.
  wasm: 'CHECKPOINT_QUOTA CHECKPOINT_BLOCKED',
  interrupts: 'ONCE_DUPLICATE_KEY RUN_INTERRUPTED',
};

/** The codes that a test file provokes. */
export const codesOf = (file) => files[file].trim().split(/\s+/);
/** Every code, with the place that sees to it. */
export const places = Object.fromEntries(Object.keys(files).flatMap((file) => codesOf(file).map((code) => [code, file])));

import { startLife } from './life.js';

await startLife(Object.fromEntries(new URLSearchParams(location.search)));

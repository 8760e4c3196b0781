// The message that the cases append and store.

/** About 150 bytes as JSON. */
export const message = (step) => ({ role: 'assistant', id: `m${step}`, content: `${String(step).padStart(6, '0')} the tides follow the Moon, and the Moon does not follow the tides; twice a day ${step % 7}` });

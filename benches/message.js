// The message that the cases append and store.

/** 150 bytes as JSON, of step 1,000. */
export const message = (step) => ({
  role: 'assistant',
  id: `m${step}`,
  content: `${String(step).padStart(6, '0')} the tides follow the Moon, and the Moon does not follow the tides; twice a day they come and go ${step % 7}`,
});

/** The same as it comes from elsewhere: a text of its own, which is not put together of others that are shared. */
export const received = (step) => JSON.parse(JSON.stringify(message(step)));

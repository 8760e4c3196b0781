// A session as schema 2 of the records stored it: a step with an event and values of many kinds, then a failure. Whatever later versions
// store, they read this one. `exportSession` gave it.
export const storedSession = {
  weavegraph: 'session', version: 1, sessionId: 's', row: ['r', 'failed', 1, 1700000000000, 1700000000000],
  records: [
    [0, 'AQDoodr3nzREAgAGZgBvEtAXSqGdXnaaYJ4XAAECAwNsb2cAAgFhAQCAoKv++WIBcgAHhsyB+KaC9ItKAQEDAAABAwABAQIAAAABBAACgQBDbG9nQmlugQBEdXNlckF136oaow=='],
    [1, 'AWTqodr3nzRVAgAGZgBvEtAXSqGdXnaaYJ4XAAICBQV2YWx1ZQIEAWIFBYCgq/75YgEBAgcAAQIAAQwAAQIAAQAIAAECAAEAAQIDAAUAAAYAAQECAAIDBQEEAAIAAAKDAEVzY29wZUFzAEdtZXNzYWdlRWhlbGxvAERkYXRhgQBEZGVlcKEBggBDbG9nQWEARXZhbHVlhwBDbWFwzQFBa84BAQBEZGF0Zc8AAAAAAAAUQABGcmVnZXhw0EF4QmdpAEVieXRlc9IDAwECAwBDYmlnxwEKAEdub3RoaW5nwQSigQBBbsYAAAAAAAD4f8YAAAAAAAAAgMVqS20='],
    [2, 'Ad8C9qHa9580egIABmYAbxLQF0qhnV52mmCeFwAHAAQFgKCr/vliAgEEBwACBAABCgACBAABAAAFHW5vZGUgYGJgIGZhaWxlZCBpbiBzdGVwIDI6IG5vAAEEAwECAAEABR1ub2RlIGBiYCBmYWlsZWQgaW4gc3RlcCAyOiBubwABBAMBAoIARG5hbWVJVHlwZUVycm9yAEdtZXNzYWdlQm5vggFJVHlwZUVycm9yAkJub9zUrIQ='],
  ],
};

/** What its first step wrote. */
export const storedValue = { map: new Map([['k', new Set([1])]]), date: new Date(5), regexp: /x/gi, bytes: new Uint8Array([1, 2, 3]), big: 10n, nothing: undefined, deep: [{ n: NaN }, -0] };

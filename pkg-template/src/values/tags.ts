/**
 * The first bytes of values. Part of what is stored: a number never changes its meaning.
 *
 *     00-3f  the integers 0 to 63         40-7f  text of 0 to 63 bytes
 *     80-9f  an object of 0 to 31 keys    a0-bf  an array of 0 to 31 items    c0-d3  the rest, by tag
 */

/** First byte of short text; integers are below. */
export const shortText = 0x40;
/** Texts shorter than this have their length in the first byte. */
export const shortCount = 0x40;

export const Tag = {
  ShortObject: 0x80,
  ShortArray: 0xa0,
  Null: 0xc0,
  Undefined: 0xc1,
  False: 0xc2,
  True: 0xc3,
  /** A count follows. */
  Integer: 0xc4,
  /** The count of its amount follows. */
  NegativeInteger: 0xc5,
  /** Eight bytes, little endian. */
  Float: 0xc6,
  /** A count of bytes, and these, the lowest first. */
  Bigint: 0xc7,
  NegativeBigint: 0xc8,
  /** A count of bytes, and these as UTF-8. */
  Text: 0xc9,
  /** A count of UTF-16 units, and these, little endian: text with lone surrogates. */
  Units: 0xca,
  /** A count of properties; of each the key and the value. A key is a number from 1 if it came before, else 0 and text. */
  Object: 0xcb,
  Array: 0xcc,
  Map: 0xcd,
  Set: 0xce,
  /** A float: milliseconds, NaN if invalid. */
  Date: 0xcf,
  /** Source and flags. */
  RegExp: 0xd0,
  /** A class, a count of properties; of each the key, 1 if enumerable, the value. */
  Error: 0xd1,
  /** A class, a count of bytes, and these. */
  Binary: 0xd2,
  /** Before a value of a record only: a count of keys, these as text, then the value as an object. What it has under these keys is to replace a channel's value. */
  Replacing: 0xd3,
} as const;

/**
 * The state objects that nodes see.
 *
 * Owns their shape: a frozen plain object with an own enumerable property for each channel, in channel order. It must not know
 * how contents are kept, nor who gets which object. Invariant: a state object shows the contents as they were when it was made,
 * whatever is folded later.
 *
 * What is at hand or small becomes a data property. Anything else becomes an accessor, which makes the view when it is first
 * read and then returns the same one; views are shared by all state objects of the same moment. The accessors of one channel
 * are one function for all state objects; what they read is in a private field of the object.
 */

import type { Content, Mark } from './contents.js';
import { lend } from './values.js';

/**
 * Prepares state objects for the channels of a graph. Each call of the result makes one; tasks may share it unless a content
 * has `hasBinary`: then each task needs one of its own, so that nobody writes into the bytes of another.
 */
export function createStateViews(names: readonly string[]): (contents: readonly Content[]) => object {
  const accessors = names.map((_name, index): PropertyDescriptor => ({
    get(this: object): unknown {
      return LazyViews.read(this, index);
    },
    enumerable: true,
  }));
  return (contents) => {
    const state: Record<string, unknown> = {};
    let marks: Array<Mark | undefined> | undefined;
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string;
      const content = contents[index] as Content;
      if (content.isViewCheap && !content.hasBinary && name !== '__proto__') {
        state[name] = content.view();
      } else {
        marks ??= [];
        marks[index] = content.mark();
        Object.defineProperty(state, name, accessors[index] as PropertyDescriptor);
      }
    }
    if (marks !== undefined) new LazyViews(state, marks);
    return Object.freeze(state);
  };
}

// A constructor that returns its argument lets a subclass put its private field on any object.
class Target {
  constructor(target: object) {
    return target;
  }
}

/** The private field of a state object with accessors, by channel. */
class LazyViews extends Target {
  readonly #marks: Array<Mark | undefined>;
  #views: unknown[] | undefined;

  constructor(state: object, marks: Array<Mark | undefined>) {
    super(state);
    this.#marks = marks;
  }

  static read(receiver: object, index: number): unknown {
    // An object that inherits from a state object shows the same.
    let state: object | null = receiver;
    while (state !== null && !(#marks in state)) state = Object.getPrototypeOf(state) as object | null;
    if (state === null) throw new TypeError('this is no state object; read the state that the node was given');
    const views = (state.#views ??= []);
    const mark = state.#marks[index];
    if (mark !== undefined) {
      views[index] = lend(mark.view());
      state.#marks[index] = undefined;
    }
    return views[index];
  }
}

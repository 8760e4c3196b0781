/** Compares types exactly, where assignability would let `any` and wider types pass. */

export type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if `T` is exactly the type of `value`. */
export declare function isExactly<T>(): <V>(value: V, ...proof: IsSame<T, V> extends true ? [] : [never]) => void;

/** The version of this package; the build writes the crate's version here. */
export const packageVersion: string = '0.1.0';

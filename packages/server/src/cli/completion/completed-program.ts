/** The program that a script completes: what it is called, and what else is the same program. */
export type CompletedProgram = { readonly name: string; readonly alsoCalled: readonly string[] }

/** The program whose `topics list` and `groups list` know names. */
export const listingProgram = 'chronicle'

/** The first part of every function's name in a script: shells keep them all in one place, and `_chronicle_packer` is that of `chronicle packer`. */
export function functionPrefix({ name }: CompletedProgram): string {
  return `_${name.replaceAll('-', '__')}`
}

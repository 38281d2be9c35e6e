import { observeErrors } from '../errors.ts'

/** Throws 'observe.tables-disagree' unless all rows have a state that is one: what would be computed of another is wrong, or ends in the middle. */
export function checkStates(
  table: string,
  rows: readonly { readonly state: unknown }[],
  isState: (state: unknown) => boolean,
): void {
  const unreadable = rows.filter(({ state }) => !isState(state)).length
  if (unreadable > 0)
    throw observeErrors.create('observe.tables-disagree', { table, column: 'state', rows: unreadable })
}

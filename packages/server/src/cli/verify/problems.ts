import { plural } from '../format.ts'
import { type Check, refused, valid } from './finding.ts'

const shownMax = 5

/** A check of many things that is refused when there are problems with any of them; the first few are named. */
export function problemsCheck(what: string, problems: readonly string[], remedy: string): Check {
  if (problems.length === 0) return valid(what)
  const more = problems.length > shownMax ? `; and ${plural(problems.length - shownMax, 'more', 'more')}` : ''
  return refused(what, problems.slice(0, shownMax).join('; ') + more, remedy)
}

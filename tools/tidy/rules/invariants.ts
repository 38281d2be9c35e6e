import { posix } from 'node:path'
import { type Problem, type Project, placeOf, type Rule } from '../project.ts'
import type { Source } from '../source.ts'

/** One row of the table `| id | statement | enforced in | tested in |` in a package's README. */
type Invariant = { id: string; path: string; line: number; enforcedIn: string; testedIn: string }

/**
 * Every invariant names files that enforce and test it, and those files name the invariant. Every id that a comment or
 * a test's title mentions is an invariant of some README.
 */
export const invariantsRule: Rule = {
  name: 'invariants',
  check(project) {
    const invariants = invariantsOf(project)
    const known = new Map(invariants.map(invariant => [invariant.id, invariant]))
    return [
      ...invariants
        .filter(i => known.get(i.id) !== i)
        .map(i => problemAt(i, `${i.id} stands in ${known.get(i.id)!.path} as well`)),
      ...invariants.flatMap(i => checkPlaces(project, i, 'enforced', i.enforcedIn)),
      ...invariants.flatMap(i => checkPlaces(project, i, 'tested', i.testedIn)),
      ...unknownIds(project, new Set(known.keys())),
    ]
  },
}

export function invariantsOf(project: Project): Invariant[] {
  const invariants: Invariant[] = []
  for (const { directory } of project.packages.values()) {
    const path = `${directory}/README.md`
    for (const [at, text] of (project.files.get(path) ?? '').split('\n').entries()) {
      const cells = text.split(/(?<!\\)\|/).map(cell => cell.trim())
      if (!/^[A-Z]{1,3}\d+$/.test(cells[1] ?? '') || cells.length < 6) continue
      invariants.push({ id: cells[1]!, path, line: at + 1, enforcedIn: cells[3]!, testedIn: cells[4]! })
    }
  }
  return invariants
}

function checkPlaces(project: Project, invariant: Invariant, verb: string, cell: string): Problem[] {
  const paths = [...cell.matchAll(/`([^`\s]+\.(?:ts|js))`/g)].map(match => match[1]!)
  if (paths.length === 0) return [problemAt(invariant, `${invariant.id} names no file in which it is ${verb}`)]
  return paths.flatMap(path => {
    const text = project.files.get(posix.join(posix.dirname(invariant.path), path)) ?? project.files.get(path)
    if (text === undefined) return [problemAt(invariant, `${invariant.id} is ${verb} in ${path}, which does not exist`)]
    if (new RegExp(`\\b${invariant.id}\\b`).test(text)) return []
    return [problemAt(invariant, `${invariant.id} is ${verb} in ${path}, which does not name it`)]
  })
}

function unknownIds(project: Project, known: ReadonlySet<string>): Problem[] {
  const prefixes = new Set([...known].map(id => id.replace(/\d+$/, '')))
  if (prefixes.size === 0) return []
  const mention = new RegExp(`\\b(?:${[...prefixes].join('|')})\\d+\\b`, 'g')
  const problems: Problem[] = []
  for (const source of project.sources.values()) {
    if (!placeOf(source.path)) continue
    for (const { text, line } of textsThatMention(source)) {
      for (const [id] of text.matchAll(mention)) {
        if (!known.has(id)) problems.push({ path: source.path, line, message: `${id} is an invariant of no README` })
      }
    }
  }
  return problems
}

/** Comments, and the lines on which a test is titled. */
function textsThatMention(source: Source): { text: string; line: number }[] {
  const titles = source.text
    .split('\n')
    .map((text, at) => ({ text, line: at + 1 }))
    .filter(({ text }) => source.path.endsWith('.test.ts') && /^\s*(?:test|it|describe|suite)\(\s*['"`]/.test(text))
  return [...source.comments, ...titles]
}

function problemAt({ path, line }: Invariant, message: string): Problem {
  return { path, line, message }
}

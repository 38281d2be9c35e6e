import { posix } from 'node:path'
import { testingPackage } from '../floors.ts'
import { type Problem, placeOf, type Rule, scope, workspaceOf } from '../project.ts'

/**
 * A package is entered by its door alone: `@chronicle/wal`, never `@chronicle/wal/src/x.ts` nor `../../wal/src/x.ts`.
 * Excused: tests reach their own package's files, tests of `testing` reach everywhere, and `testing` launches commands.
 */
export const doorsRule: Rule = {
  name: 'doors',
  check(project) {
    const problems: Problem[] = []
    for (const { path, references } of project.sources.values()) {
      const own = placeOf(path)
      if (own?.package === testingPackage && own.part === 'test') continue
      for (const { specifier, line } of references) {
        const message = refusal(path, own?.package, specifier)
        if (message) problems.push({ path, line, message })
      }
      if (own?.part === 'src') problems.push(...testsFromSources(path, references))
    }
    return problems
  },
}

function refusal(path: string, own: string | undefined, specifier: string): string | undefined {
  const workspace = workspaceOf(specifier)
  if (workspace) {
    return specifier === `${scope}${workspace}` ? undefined : `import from the door: ${scope}${workspace}`
  }
  if (!specifier.startsWith('.')) return undefined
  const file = posix.join(posix.dirname(path), specifier)
  if (own === testingPackage && /^packages\/[^/]+\/bin\//.test(file)) return undefined
  const target = /^packages\/([^/]+)\//.exec(file)?.[1]
  if (own && !target) return 'a package imports nothing from outside the packages'
  return target && target !== own ? `import from the door: ${scope}${target}` : undefined
}

function testsFromSources(path: string, references: readonly { specifier: string; line: number }[]): Problem[] {
  return references
    .filter(({ specifier }) => specifier.startsWith('.'))
    .filter(({ specifier }) => placeOf(posix.join(posix.dirname(path), specifier))?.part === 'test')
    .map(({ line }) => ({ path, line, message: 'product code imports from a test directory' }))
}

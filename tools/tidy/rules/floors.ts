import { floors, testingPackage } from '../floors.ts'
import { type Problem, placeOf, type Rule, workspaceOf } from '../project.ts'

/** Sources import strictly downward. Tests may also import `testing`, and nothing above their own package. */
export const floorsRule: Rule = {
  name: 'floors',
  check(project) {
    const problems: Problem[] = []
    for (const name of project.packages.keys()) {
      if (floors[name] === undefined && name !== testingPackage) {
        const message = `package ${name} has no floor: add it to tools/tidy/floors.ts`
        problems.push({ path: `packages/${name}/package.json`, line: 1, message })
      }
    }
    for (const { path, references } of project.sources.values()) {
      const place = placeOf(path)
      if (!place) continue
      for (const { specifier, line } of references) {
        const target = workspaceOf(specifier)
        const message = target && refusal(place.package, place.part, target)
        if (message) problems.push({ path, line, message })
      }
    }
    return problems
  },
}

function refusal(from: string, part: 'src' | 'test', target: string): string | undefined {
  if (from === testingPackage) return undefined
  if (target === testingPackage) return part === 'test' ? undefined : `${testingPackage} is for tests only`
  const own = floors[from]
  const other = floors[target]
  if (other === undefined) return `there is no package ${target}`
  if (own === undefined || other < own) return undefined
  if (target === from) return 'a package reaches its own files by relative paths'
  const direction = other === own ? 'sideways' : 'upward'
  return `${from} (floor ${own}) imports ${direction} from ${target} (floor ${other})`
}

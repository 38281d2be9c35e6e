import { type Problem, type Project, type Rule, resolve } from '../project.ts'

/**
 * No file leads back to itself. Type-only imports count: they cost nothing at run time, but two files that need
 * each other's types are read together or not at all, so they are one idea, or a third file wants to be written.
 */
export const cyclesRule: Rule = {
  name: 'cycles',
  check(project) {
    const problems: Problem[] = []
    const state = new Map<string, 'open' | 'done'>()
    const trail: string[] = []
    const visit = (path: string): void => {
      state.set(path, 'open')
      trail.push(path)
      for (const { target, line } of edgesOf(project, path)) {
        if (state.get(target) === 'open') {
          const cycle = [...trail.slice(trail.indexOf(target)), target]
          problems.push({ path, line, message: `import cycle: ${cycle.join(' → ')}` })
        } else if (!state.has(target)) visit(target)
      }
      trail.pop()
      state.set(path, 'done')
    }
    for (const path of project.sources.keys()) if (!state.has(path)) visit(path)
    return problems
  },
}

function* edgesOf(project: Project, path: string) {
  for (const { specifier, line } of project.sources.get(path)!.references) {
    const target = resolve(project, path, specifier)
    if (target && project.sources.has(target)) yield { target, line }
  }
}

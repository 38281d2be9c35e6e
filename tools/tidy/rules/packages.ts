import type { Problem, Project, Rule, Workspace } from '../project.ts'

/** What a package's README says, in this order; the life is that of one request, error, record … */
const sections = ['## Door', '## The life of one ', '## Invariants', '## Failure modes']
const parts = ['bin', 'src', 'test']
const files = ['package.json', 'README.md']

/** A package is `package.json`, `README.md`, `src/`, `test/`, and `bin/` where it has commands. Nothing else. */
export const packagesRule: Rule = {
  name: 'packages',
  check(project) {
    const strays = [...project.files.keys()].flatMap(path => {
      const inside = /^packages\/[^/]+\/(.+)$/.exec(path)?.[1]
      if (inside === undefined || files.includes(inside) || parts.includes(inside.split('/')[0]!)) return []
      return [{ path, line: 1, message: `belongs into ${parts.join(', ')} or nowhere` }]
    })
    return [...strays, ...[...project.packages.values()].flatMap(workspace => checkReadme(project, workspace))]
  },
}

function checkReadme(project: Project, { directory }: Workspace): Problem[] {
  const path = `${directory}/README.md`
  const lines = project.files.get(path)?.split('\n')
  if (!lines) return [{ path, line: 1, message: 'a package says in its README what it is for' }]
  let after = -1
  for (const section of sections) {
    const at = lines.findIndex((line, at) => at > after && line.startsWith(section))
    if (at < 0) return [{ path, line: Math.max(after, 0) + 1, message: `no section "${section.trim()}" from here on` }]
    after = at
  }
  return []
}

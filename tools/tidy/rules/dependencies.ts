import { isBuiltin } from 'node:module'
import { type Manifest, type Problem, type Project, placeOf, type Rule, type Workspace } from '../project.ts'

/** What a package imports it declares, and what it declares it imports. Tests may lean on the root's devDependencies. */
export const dependenciesRule: Rule = {
  name: 'dependencies',
  check: project => [...project.packages.values()].flatMap(workspace => checkPackage(project, workspace)),
}

function checkPackage(project: Project, workspace: Workspace): Problem[] {
  const { dependencies = {}, devDependencies = {} } = workspace.manifest
  const problems: Problem[] = []
  const usedInSources = new Set<string>()
  const usedInTests = new Set<string>()
  for (const { path, line, name, part } of importsOf(project, workspace)) {
    const used = part === 'src' ? usedInSources : usedInTests
    used.add(name)
    if (name in dependencies) continue
    if (part === 'test' && (name in devDependencies || isRootTool(project.manifest, name))) continue
    if (name === workspace.manifest.name) continue
    const where = part === 'src' ? 'dependencies' : 'devDependencies'
    problems.push({ path, line, message: `${name} is not in the ${where} of ${workspace.directory}/package.json` })
  }
  const manifestPath = `${workspace.directory}/package.json`
  for (const name of Object.keys(dependencies)) {
    if (!usedInSources.has(name))
      problems.push({ path: manifestPath, line: 1, message: `dependency ${name} is not used` })
  }
  for (const name of Object.keys(devDependencies)) {
    if (!usedInTests.has(name))
      problems.push({ path: manifestPath, line: 1, message: `devDependency ${name} is not used` })
  }
  return problems
}

function* importsOf(project: Project, workspace: Workspace) {
  for (const { path, references } of project.sources.values()) {
    const place = placeOf(path)
    if (place?.package !== workspace.name) continue
    for (const { specifier, line } of references) {
      if (specifier.startsWith('.') || isBuiltin(specifier)) continue
      yield { path, line, name: packageName(specifier), part: place.part }
    }
  }
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function isRootTool(manifest: Manifest, name: string): boolean {
  return name in (manifest.devDependencies ?? {})
}

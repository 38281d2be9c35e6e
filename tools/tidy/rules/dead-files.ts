import { posix } from 'node:path'
import { doorOf, type Problem, type Project, placeOf, type Rule, resolve } from '../project.ts'

/** Loaded by path from `tools/docs.ts`, which collects what packages say about themselves. */
const loadedByTools = /^packages\/[^/]+\/src\/(errors|docs)\.ts$/

/**
 * Product code is reachable from a door, a bin or a script; everything else in the tree from one of those or from a test.
 * Imports that lead to no file are found here as well.
 */
export const deadFilesRule: Rule = {
  name: 'dead files',
  check(project) {
    const problems = danglingImports(project)
    const product = reach(project, productEntries(project))
    const all = reach(project, [...productEntries(project), ...testEntries(project)])
    for (const path of project.sources.keys()) {
      const isProduct = placeOf(path)?.part === 'src'
      const alive = isProduct ? product : all
      if (alive.has(path)) continue
      const entries = isProduct ? 'a door, a bin or a script' : 'a script or a test'
      problems.push({ path, line: 1, message: `dead file: not reachable from ${entries}` })
    }
    return problems
  },
}

function productEntries(project: Project): string[] {
  const scripts = Object.values(project.manifest.scripts ?? {}).flatMap(script => script.split(/\s+/))
  const doors = [...project.packages.values()].flatMap(workspace => [
    doorOf(workspace) ?? '',
    ...Object.values(workspace.manifest.bin ?? {}).map(bin => posix.join(workspace.directory, bin)),
  ])
  const bins = Object.values(project.manifest.bin ?? {})
  const loaded = [...project.sources.keys()].filter(path => loadedByTools.test(path))
  return [...scripts, ...doors, ...bins, ...loaded].filter(path => project.sources.has(path))
}

function testEntries(project: Project): string[] {
  return [...project.sources.keys()].filter(path => path.endsWith('.test.ts') || path.startsWith('examples/'))
}

function reach(project: Project, entries: readonly string[]): Set<string> {
  const reached = new Set(entries)
  for (const path of reached) {
    for (const { specifier } of project.sources.get(path)!.references) {
      const target = resolve(project, path, specifier)
      if (target && project.sources.has(target)) reached.add(target)
    }
  }
  return reached
}

function danglingImports(project: Project): Problem[] {
  const problems: Problem[] = []
  for (const { path, references } of project.sources.values()) {
    for (const { specifier, line } of references) {
      if (!specifier.startsWith('.') || !/\.(ts|js|mjs)$/.test(specifier)) continue
      if (!project.sources.has(resolve(project, path, specifier)!)) {
        problems.push({ path, line, message: `there is no file ${specifier}` })
      }
    }
  }
  return problems
}

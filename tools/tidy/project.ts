/** The project as the rules see it: its files by path, its packages, its parsed sources. Built from text alone, so that a test brings its own. */
import { posix } from 'node:path'
import { parseSource, type Source } from './source.ts'

export type Manifest = {
  readonly name: string
  readonly exports?: string
  readonly bin?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export type Workspace = {
  /** `wal` for `@chronicle/wal` in `packages/wal`. */
  readonly name: string
  readonly directory: string
  readonly manifest: Manifest
}

export type Project = {
  readonly files: ReadonlyMap<string, string>
  readonly manifest: Manifest
  readonly packages: ReadonlyMap<string, Workspace>
  readonly sources: ReadonlyMap<string, Source>
}

/** What a rule found: where, and what to do about it. */
export type Problem = { readonly path: string; readonly line: number; readonly message: string }

export type Rule = { readonly name: string; check(project: Project): Problem[] }

/** The scope that workspace packages are imported under. */
export const scope = '@chronicle/'

/** `files` maps paths from the root, with forward slashes, to contents. */
export function projectOf(files: ReadonlyMap<string, string>): Project {
  const packages = new Map<string, Workspace>()
  const sources = new Map<string, Source>()
  for (const [path, text] of files) {
    const name = /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1]
    if (name) packages.set(name, { name, directory: `packages/${name}`, manifest: JSON.parse(text) })
    if (/\.(ts|js|mjs)$/.test(path) && !path.endsWith('.d.ts')) sources.set(path, parseSource(path, text))
  }
  const manifest: Manifest = JSON.parse(files.get('package.json') ?? '{"name":"root"}')
  return { files, manifest, packages, sources }
}

/** Which part of which package `path` belongs to; undefined for files outside `packages/`. */
export function placeOf(path: string): { package: string; part: 'src' | 'test' } | undefined {
  const match = /^packages\/([^/]+)\/([^/]+)\//.exec(path)
  if (!match) return undefined
  return { package: match[1]!, part: match[2] === 'test' ? 'test' : 'src' }
}

/** The workspace package that `specifier` names (`@chronicle/wal/src/x.ts` → `wal`). */
export function workspaceOf(specifier: string): string | undefined {
  return specifier.startsWith(scope) ? specifier.slice(scope.length).split('/')[0] : undefined
}

/** The file that `specifier` leads to when written in `from`: relative paths and doors of packages. */
export function resolve(project: Project, from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier)
  const workspace = project.packages.get(workspaceOf(specifier) ?? '')
  return workspace && specifier === `${scope}${workspace.name}` ? doorOf(workspace) : undefined
}

export function doorOf(workspace: Workspace): string | undefined {
  const door = workspace.manifest.exports
  return door === undefined ? undefined : posix.join(workspace.directory, door)
}

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Project, projectOf } from './project.ts'

const ignored = new Set(['node_modules', '.git', '.cache', 'data', 'golden'])

/** Reads every source, manifest and document below `root`. */
export function readProject(root: string): Project {
  const files = new Map<string, string>()
  const readDirectory = (directory: string): void => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`
      if (entry.isDirectory() && !ignored.has(entry.name)) readDirectory(path)
      if (entry.isFile() && /\.(ts|js|mjs|md|json)$/.test(path)) files.set(path, readFileSync(join(root, path), 'utf8'))
    }
  }
  readDirectory('')
  return projectOf(files)
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let parent: string | undefined

/** A fresh directory; all of a test file go when it ends. */
export function temporaryBase(): string {
  parent ??= makeParent()
  return mkdtempSync(join(parent, 'base-'))
}

function makeParent(): string {
  const directory = mkdtempSync(join(tmpdir(), 'packer-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}

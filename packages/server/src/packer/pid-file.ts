import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { messageOf, type Stoppable } from '@chronicle/base'
import { packerErrors } from '@chronicle/packer'

/** Writes this process's id; removes it when stopped, unless another process has written its own since. */
export function writePidFile(path: string): Stoppable {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 })
  } catch (error) {
    throw packerErrors.create('packer.pid-file', { file: path, reason: messageOf(error) }, error)
  }
  return {
    stop() {
      if (readPidFile(path) === process.pid) rmSync(path, { force: true })
    },
  }
}

/** The process id in the file; undefined where there is none. */
export function readPidFile(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8').trim()) || undefined
  } catch {
    // For people only: the lock holds without it.
    return undefined
  }
}

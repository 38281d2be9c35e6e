import { packerErrors } from '../errors.ts'
import { openRingFile, type RingFile } from './file.ts'
import { type RingLock, type RingSide, tryRingLock } from './lock.ts'

/** A ring's file with one side of it taken. */
export type HeldRing = { readonly file: RingFile; readonly lock: RingLock }

/** Opens a ring, takes a side of it and writes this process's id there. Throws 'packer.ring-busy' where another process has it (PR5). */
export function holdRing(path: string, side: RingSide): HeldRing {
  const file = openRingFile(path)
  try {
    const lock = tryRingLock(path, side)
    if (!lock) {
      const { writerPid, readerPid } = file.words()
      throw packerErrors.create('packer.ring-busy', { path, side, pid: side === 'writer' ? writerPid : readerPid })
    }
    file.storePid(side, process.pid)
    return { file, lock }
  } catch (error) {
    file.close()
    throw error
  }
}

export function letGo({ file, lock }: HeldRing, side: RingSide): void {
  try {
    file.storePid(side, 0)
  } finally {
    file.close()
    lock.release()
  }
}

/** Throws 'packer.ring-removed' once ring or lock are not those any more that were opened: another process may make a new ring there. */
export function checkStillThere({ file, lock }: HeldRing): void {
  if (!file.isThere() || !lock.isThere()) throw packerErrors.create('packer.ring-removed', { path: file.path })
}

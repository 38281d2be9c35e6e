import type { RingStatus } from './contract.ts'
import { openRingFile, pressed, type RingFile } from './file.ts'

/** What a ring says of itself, whoever has it open. Throws where there is none. */
export function ringStatus(path: string): RingStatus {
  const file = openRingFile(path)
  try {
    return statusOf(file)
  } finally {
    file.close()
  }
}

export function statusOf(file: RingFile): RingStatus {
  const words = file.words()
  const { capacityBytes, id } = file.header
  const used = (words.writePosition ?? capacityBytes) - (words.readPosition ?? 0)
  return {
    id: id.toString('hex'),
    capacityBytes,
    usedBytes: Math.min(Math.max(used, 0), capacityBytes),
    lostRecords: words.lostRecords,
    lostBytes: words.lostBytes,
    isPressed: pressed(words),
    writerPid: isAlive(words.writerPid) ? words.writerPid : undefined,
  }
}

/** For people only: a process id may have gone to another process since. The lock is what excludes. */
function isAlive(pid: number): boolean {
  if (pid === 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

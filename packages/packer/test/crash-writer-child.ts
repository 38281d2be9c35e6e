/** Writes the records of a file into a ring and says so after each: `crash-writer-child.ts RING FILE`. See recordsFile in crash-records.ts. */
import { readFileSync, writeSync } from 'node:fs'
import { openRingWriter } from '../src/ring/index.ts'

const [path, file] = process.argv.slice(2) as [string, string]
const timeoutMs = 600_000
/** A write that waits does not keep the process alive. */
const alive = setInterval(() => undefined, 1000)

const bytes = readFileSync(file)
const writer = await openRingWriter({ path })
for (let at = 0; at < bytes.length; ) {
  const end = at + 8 + bytes.readUInt32LE(at + 4)
  const kind = bytes.readUInt32LE(at) === 1 ? 'events' : 'frames'
  if (!(await writer.write(kind, bytes.subarray(at + 8, end), timeoutMs))) throw new Error('there was no room')
  writeSync(1, 'written\n')
  at = end
}
writer.close()
clearInterval(alive)

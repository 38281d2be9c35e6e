/** Writes a load at full speed: `ring-writer-child.ts PATH RUN COUNT TIMEOUT_MS`. A count of 0 goes on until it is killed. */
import { writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { openRingWriter } from '../src/ring/index.ts'
import { loadPayload } from './ring-support.ts'

const [path, run, count, timeoutMs] = [process.argv[2]!, ...process.argv.slice(3).map(Number)] as [
  string,
  number,
  number,
  number,
]
/** A write that waits does not keep the process alive. */
const alive = setInterval(() => undefined, 1000)
const recordsATurn = 256
const buffer = Buffer.alloc(256)

const writer = await openRingWriter({ path })
writeSync(1, 'ready\n')
let lost = 0
for (let counter = 0; count === 0 || counter < count; counter++) {
  if (!(await writer.write('events', loadPayload(buffer, run, counter), timeoutMs))) lost++
  if (counter % recordsATurn === 0) await setImmediate()
}
writer.close()
clearInterval(alive)
writeSync(1, `lost ${lost}\n`)

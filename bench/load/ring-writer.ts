/** Writes into a ring at full speed until it is ended: `node bench/load/ring-writer.ts PATH PAYLOAD_BYTES`. */
import { setImmediate } from 'node:timers/promises'
import { openRingWriter } from '@chronicle/packer'

const recordsPerTurn = 64
const timeoutMs = 5000

const [path, payloadBytes] = process.argv.slice(2) as [string, string]
const payload = Buffer.alloc(Number(payloadBytes), 'event')
// A write that waits does not keep the process alive.
setInterval(() => undefined, 1000)
const writer = await openRingWriter({ path })
console.log('ready')
for (let count = 0; ; count++) {
  await writer.write('events', payload, timeoutMs)
  if (count % recordsPerTurn === 0) await setImmediate()
}

/** Packs a source whose released position is a file: `node run-child.ts BASE RECORDS`. Says `packing` and `done`. */
import { createSecretKey } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { systemClock, systemRandom } from '@chronicle/base'
import { openArchive } from '../src/archive/archive.ts'
import { drain } from '../src/run/drain.ts'
import { event, eventStream } from './intake-support.ts'
import { fixedKeys, MemorySource, settingsFor } from './run-support.ts'

const [base, records] = process.argv.slice(2) as [string, string]
const releasedPath = `${base}.released`
const rowsOfRecord = 200

class FileSource extends MemorySource {
  override async release(position: number): Promise<void> {
    writeFileSync(`${releasedPath}.new`, `${position}`)
    renameSync(`${releasedPath}.new`, releasedPath)
  }
}

const payloads = Array.from({ length: Number(records) }, (_, record) =>
  eventStream(Array.from({ length: rowsOfRecord }, (_, row) => event(record * rowsOfRecord + row))),
)
const source = new FileSource(payloads)
await source.skipTo(Number(readFileSync(releasedPath, 'utf8')))
const settings = settingsFor(base, { maxFileBytes: 1 << 20 })
const keys = fixedKeys(createSecretKey(Buffer.alloc(32, 7)))
process.stdout.write('packing\n')
const archive = await openArchive({ settings, keys, clock: systemClock, random: systemRandom })
const encodeFrame = () => Promise.reject(new Error('there are no frames'))
await drain({ source, archive, settings, clock: systemClock, random: systemRandom, encodeFrame })
archive.close()
process.stdout.write('done\n')

/** Reads a database as another user may. */
import { openCaptureReader } from '../src/index.ts'
import { all } from './reading-support.ts'

const reader = openCaptureReader({ path: process.argv[2]! })
const events = await all(reader.events())
await reader.close()
process.stdout.write(`${events.length} event`)

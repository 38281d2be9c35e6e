/** Reads a database as a user who may write nowhere near it. */
import { openCaptureReader } from '../src/index.ts'
import { all } from './reading-support.ts'

// Once everything is loaded: nothing keeps root from writing.
if (process.getuid?.() === 0) process.setuid?.(65_534)
const reader = openCaptureReader({ path: process.argv[2]! })
const events = await all(reader.events())
await reader.close()
process.stdout.write(`${events.length} event`)

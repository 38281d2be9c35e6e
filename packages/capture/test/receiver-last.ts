/** A program that does nothing but publish and stop: nothing but the stop keeps it alive. Says how many events it has stored. */
import { writeSync } from 'node:fs'
import { move, openPipeline } from './event-support.ts'

const { pipeline, database } = await openPipeline({ directory: process.argv[2]! })
for (let at = 0; at < 500; at++) pipeline.receive({ event: move(Date.now()) })
await pipeline.stop(5_000)
database.close()
writeSync(1, String(pipeline.counts.stored))

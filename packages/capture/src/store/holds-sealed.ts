import type { CaptureDatabase } from './database.ts'
import { sealedHead } from './envelope.ts'

/** Whether something in the database is sealed: its keys are somewhere then, and fresh ones would open nothing of it. */
export function holdsSealed(database: CaptureDatabase): boolean {
  const find = database.prepare(`
    SELECT EXISTS (SELECT 1 FROM event_blocks WHERE substr(payload, 1, 2) = $head)
        OR EXISTS (SELECT 1 FROM screenshots WHERE substr(about, 1, 2) = $head) AS found`)
  return database.read(() => find.get({ head: sealedHead })?.found === 1)
}

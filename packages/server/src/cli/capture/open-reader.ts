/** A database of capture as `windows` and `export` open it: for reading alone, whether or not something writes it. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type CaptureReader, defaultDatabasePath, openCaptureReader, sessionsFoundMax } from '@chronicle/capture'
import { type CaptureOptions, loadCaptureSettings } from '../../capture/settings.ts'
import { serverErrors } from '../../errors.ts'
import { count } from '../format.ts'
import type { Terminal } from '../terminal.ts'

/** Runs `action` with the opened database. Rejects with 'capture.database-…', 'capture.keys-missing' and what the vault rejects with. */
export async function withReader<T>(
  terminal: Terminal,
  options: CaptureOptions,
  action: (reader: CaptureReader) => Promise<T>,
): Promise<T> {
  const { values, warnings } = loadCaptureSettings(options)
  for (const warning of warnings) terminal.note(`${terminal.noteStyle('yellow', 'warning:')} ${warning}`)
  const path = values.databasePath ?? defaultDatabasePath()
  const reader = openCaptureReader({ path, auditElsewhere: () => ownAuditLog(terminal) })
  try {
    return await action(reader)
  } finally {
    await reader.close()
  }
}

/** Of a copy that cannot be written: its own log says what was done with the database that it is a copy of. */
function ownAuditLog(terminal: Terminal): string {
  const state = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state')
  const own = join(state, 'chronicle', 'capture-audit.log')
  terminal.note(
    `${terminal.noteStyle('dim', 'note:')} the keys beside the database cannot be written; their use is on record in ${own}`,
  )
  return own
}

const uuidLength = 36

/** The one session that is meant by its id, or by the beginning of it as tables show it. Throws 'server.invalid-argument'. */
export function sessionMeant(reader: CaptureReader, text: string | undefined): string | undefined {
  if (text === undefined || text.length === uuidLength) return text
  const found = reader.sessionsBeginning(text)
  if (found.length === 1) return found[0]
  const some = found.length === sessionsFoundMax ? `${count(sessionsFoundMax)} or more` : count(found.length)
  const because = found.length === 0 ? 'no session in the database begins so' : `${some} sessions begin so`
  throw serverErrors.create('server.invalid-argument', { session: text, because, ...named(found) })
}

function named(found: readonly string[]): { sessions?: string } {
  return found.length === 0 ? {} : { sessions: found.join(', ') }
}

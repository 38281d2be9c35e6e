import { ChronicleError, systemClock } from '@chronicle/base'
import type { Terminal } from '../terminal.ts'
import type { ObserveClient } from './client.ts'

/** An answer that takes less needs no word. */
const silentMs = 1_000
/** What is asked meanwhile is answered from memory. */
const healthMsMax = 5_000

/** How often it is asked while the tables are being opened; the server answers after 15 seconds each time. */
const attemptsMax = 8

/** Resolves as `ask` does, and tells a person what it waits for where that takes longer: the first look makes the embedded database. */
export async function patiently<T>(terminal: Terminal, client: ObserveClient, ask: () => Promise<T>): Promise<T> {
  let isThere = false
  const timer = systemClock.after(silentMs, async () => {
    const reason = await reasonOf(client)
    if (!isThere) terminal.progress(terminal.noteStyle('dim', reason))
  })
  try {
    return await whenOpen(ask)
  } finally {
    isThere = true
    timer.cancel()
    terminal.progress('')
  }
}

async function whenOpen<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      const isOpening = error instanceof ChronicleError && error.details.code === 'observe.tables-opening'
      if (!isOpening || attempt === attemptsMax) throw error
    }
  }
}

/** Why it may take so long, as far as the server says. */
async function reasonOf(client: ObserveClient): Promise<string> {
  try {
    const { database } = await client.health(healthMsMax)
    if (database.state === 'opening') return 'The server opens its database; the first time takes some seconds…'
  } catch {
    // The answer that is waited for says what is wrong, when it comes.
  }
  return 'Waiting for the server…'
}

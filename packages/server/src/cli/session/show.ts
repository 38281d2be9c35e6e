import type { UrlOptions } from '../api-client.ts'
import { count, plural, printTable, size } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { SessionsClient, type ShownSession } from './client.ts'

/** Shows the sessions of a server. */
export async function listSessions(terminal: Terminal, options: UrlOptions & { json?: boolean }): Promise<void> {
  const sessions: ShownSession[] = []
  const warn = (id: string): void => terminal.note(`The record of session ${id} is damaged: chronicle verify ${id}`)
  for await (const session of new SessionsClient(options).sessions(warn)) sessions.push(session)
  if (options.json) {
    terminal.out(JSON.stringify(sessions, null, 2))
    return
  }
  if (sessions.length === 0) {
    terminal.note('No sessions yet: a session begins with its first chunk.')
    return
  }
  const columns = [
    { title: 'session' },
    { title: 'state' },
    { title: 'chunks', right: true },
    { title: 'size', right: true },
    { title: 'stored', right: true },
    { title: 'begun' },
  ]
  const rows = sessions.map(each => {
    const { session_id, state, chunks, plain_size, stored_size, created_at } = each
    return [session_id, state, count(chunks), size(plain_size), size(stored_size), created_at]
  })
  printTable(terminal, columns, rows)
}

export async function showSession(
  terminal: Terminal,
  id: string,
  options: UrlOptions & { json?: boolean },
): Promise<void> {
  const session = await new SessionsClient(options).session(id)
  if (options.json) {
    terminal.out(JSON.stringify(session, null, 2))
    return
  }
  const { state, chunks, tree_size, plain_size, stored_size, created_at, finalized_at, deleted_at, key_id } = session
  const missing = chunks > tree_size ? `, of which ${plural(chunks - tree_size, 'chunk')} wait for one before them` : ''
  terminal.out(terminal.style('bold', session.session_id))
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['state', state],
    ['begun', created_at],
    ['finalised', finalized_at],
    ['deleted', deleted_at],
    ['chunks', `${count(chunks)}${missing}`],
    ['size', `${size(plain_size)}, stored in ${size(stored_size)}`],
    ['key', key_id],
  ]
  for (const [name, value] of facts) {
    if (value !== undefined) terminal.out(`  ${terminal.style('dim', name.padEnd(9))}  ${value}`)
  }
}

/** Closes a session and shows the root to anchor. */
export async function finalizeSession(
  terminal: Terminal,
  id: string,
  options: UrlOptions & { json?: boolean },
): Promise<void> {
  const root = await new SessionsClient(options).finalize(id)
  if (options.json) terminal.out(JSON.stringify(root, null, 2))
  else terminal.out(root.checkpoint.trimEnd())
}

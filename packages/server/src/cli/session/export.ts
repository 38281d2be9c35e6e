import { createWriteStream, existsSync, readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { entriesPath, parseCheckpoint, parseNote, tilePath, tilesOfGrowth } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import type { UrlOptions } from '../api-client.ts'
import { plural } from '../format.ts'
import { Progress } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { exportedFiles } from '../verify/exported-session.ts'
import { SessionsClient } from './client.ts'

export type ExportOptions = UrlOptions & { payload?: boolean }

/** Requests under way at once. */
const requestsMax = 8

/**
 * Writes what a stranger needs to verify a session: `checkpoint`, the tiles (C2SP tlog-tiles), a proof for each chunk, the public key, and with `payload`
 * the chunks themselves. The checkpoint comes last: a directory that has one is complete.
 */
export async function exportSession(
  terminal: Terminal,
  id: string,
  directory: string,
  options: ExportOptions,
): Promise<void> {
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw serverErrors.create('server.output-exists', { directory, because: 'it is not empty' })
  }
  const client = new SessionsClient(options)
  const checkpoint = await client.checkpoint(id)
  const { size } = parseCheckpoint(parseNote(checkpoint).text)
  const save = async (path: string, bytes: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), bytes, { mode: 0o600 })
  }
  const jobs: (() => Promise<void>)[] = []
  for (const path of treePaths(size)) jobs.push(async () => save(path, await client.tile(id, path)))
  for (let index = 0; index < size; index++) {
    jobs.push(async () => save(exportedFiles.proof(index), await client.proof(id, index)))
    if (options.payload) jobs.push(() => savePayload(client, id, index, directory))
  }
  await runAll(jobs, new Progress(terminal, jobs.length, files => plural(files, 'file')))
  await save('public-key.vkey', `${await client.publicKey()}\n`)
  await save('checkpoint', checkpoint)
  terminal.out(`Exported ${plural(size, 'chunk')} of ${id} to ${directory}.`)
  terminal.note(
    `Verify it anywhere: chronicle verify ${directory} --key FILE. Give the public key to whom it concerns by another way.`,
  )
}

function* treePaths(size: number): Generator<string> {
  for (const { level, index, width } of tilesOfGrowth(0, size)) {
    yield tilePath(level, index, width)
    if (level === 0) yield entriesPath(index, width)
  }
}

async function savePayload(client: SessionsClient, id: string, index: number, directory: string): Promise<void> {
  const path = join(directory, exportedFiles.payload(index))
  await mkdir(dirname(path), { recursive: true })
  await pipeline(client.chunk(id, index), createWriteStream(path, { mode: 0o600 }))
}

async function runAll(jobs: readonly (() => Promise<void>)[], progress: Progress): Promise<void> {
  const left = jobs.values()
  const work = async (): Promise<void> => {
    for (const job of left) {
      await job()
      progress.add(1)
    }
  }
  try {
    await Promise.all(Array.from({ length: requestsMax }, work))
  } finally {
    progress.clear()
  }
}

/** An archive that the real packer has made, and the commands that read it. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { runChronicle } from '@chronicle/testing'
import { createRing, openRingWriter } from '../src/index.ts'
import { picture, png } from './frames-support.ts'
import { type EventRow, event, eventStream, frameStream } from './intake-support.ts'

export type Result = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-archive-commands-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

export type Installation = {
  readonly home: string
  readonly base: string
  readonly ring: string
  readonly config: string
  run(args: readonly string[], more?: { env?: Record<string, string>; input?: string }): Promise<Result>
  packer(...args: string[]): Promise<Result>
  archive(...args: string[]): Promise<Result>
}

const ringBytes = 4 * 1024 * 1024

/** A packer with everything in a directory of its own. */
export function installation(name: string, settings: Record<string, unknown> = {}): Installation {
  const home = mkdtempSync(join(scratch, `${name}-`))
  const [base, ring, config] = [join(home, 'archive'), join(home, 'ring'), join(home, 'packer.toml')]
  const all = {
    'storage.base_path': base,
    // The events of these tests are older than any retention.
    'storage.retention_days': 0,
    'ring_buffer.path': ring,
    'ring_buffer.size': ringBytes,
    'metrics.port': 0,
    'encryption.key_source': 'file',
    'logging.file_path': join(home, 'packer.log'),
    ...settings,
  }
  const lines = Object.entries(all).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
  writeFileSync(config, lines.join(''))
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') }
  const run: Installation['run'] = (args, { env: more = {}, ...options } = {}) =>
    runChronicle(args, { env: { ...env, ...more }, cwd: home, ...options })
  return {
    ...{ home, base, ring, config, run },
    packer: (...args) => run(['packer', '--config', config, ...args]),
    archive: (...args) => run(['archive', ...args, '--config', config]),
  }
}

export async function done(result: Promise<Result>): Promise<string> {
  const { code, stdout, stderr } = await result
  assert.equal(code, 0, stderr || stdout)
  return stdout
}

/** Noon of 20, 21 and 22 November 2025 in UTC. */
export const days = ['2025-11-20', '2025-11-21', '2025-11-22'] as const
export const noon = (day: string): bigint => BigInt(Date.parse(`${day}T12:00:00Z`)) * 1_000_000n

/** 40 events a day with all that is hard about text, in the order of their times. */
export const rows: readonly EventRow[] = days.flatMap((day, at) =>
  Array.from({ length: 40 }, (_, number) =>
    event(at * 1000 + number, {
      timestamp_ns: noon(day) + BigInt(number) * 1_000_000_007n,
      window_title:
        number === 0 ? '"quoted"\n\u2028tab\t\u0001 \ud83d\ude00' : number % 5 === 0 ? null : `window ${number}`,
      data: number === 1 ? '{"big": 12345678901234567890,\r\n "nested": [1.0, "a\\nb"]}' : JSON.stringify({ number }),
    }),
  ),
)

export const refusedRows = [event(901, { data: '{' }), event(902, { data: 'x' })]

/** Packs three days of events, two refused events and a frame. */
export async function filled(name: string, settings: Record<string, unknown> = {}): Promise<Installation> {
  const made = installation(name, settings)
  await createRing({ path: made.ring, capacityBytes: ringBytes })
  const image = await png(picture(40, 30))
  const frame = {
    timestamp_ns: noon(days[1]),
    session_id: 's',
    event_id: 'frame-1',
    format: 'png',
    image,
    metadata: '{}',
  }
  await record(made, [eventStream(rows), eventStream(refusedRows)], [frameStream([frame])])
  await done(made.packer('process'))
  return made
}

export async function record(
  { ring }: Installation,
  events: readonly Uint8Array[],
  frames: readonly Uint8Array[] = [],
): Promise<void> {
  const writer = await openRingWriter({ path: ring })
  for (const stream of events) assert.equal(await writer.write('events', stream, 1000), true)
  for (const stream of frames) assert.equal(await writer.write('frames', stream, 1000), true)
  writer.close()
}

export type Entry = {
  readonly path: string
  readonly kind: 'parquet' | 'heif' | 'quarantine'
  readonly rows?: number
  readonly bytes: number
  readonly keyId?: string
  readonly keyState: string | null
}

export async function entries({ archive }: Installation, ...args: string[]): Promise<Entry[]> {
  return JSON.parse(await done(archive('ls', '--json', ...args)))
}

export function emptyDirectory(name: string): string {
  const path = join(scratch, name)
  mkdirSync(path)
  return path
}

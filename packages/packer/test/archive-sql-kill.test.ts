/** What a query has opened is gone with it, however it ends (S16 of the server). */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { spawnChronicle } from '@chronicle/testing'
import { done, type Installation, installation, record } from './archive-commands-support.ts'
import { event, eventStream } from './intake-support.ts'

const marker = 'plain-marker-7f3a'
const filesOfArchive = 40
const kills = 4
const dayNs = 86_400_000_000_000n
const endless = `SELECT count(*) FROM range(100000000000) t(i), events WHERE hash(i) = 7`
/** A place in memory has to be looked at from outside: only Linux shows it. */
const skip = !existsSync('/proc/self/fd')

/** A file a day, so that opening takes a while, with a text in every one that is found wherever it lies. */
async function archive(): Promise<Installation> {
  const made = installation('sql-kill')
  mkdirSync(join(made.home, 'tmp'))
  await done(made.packer('process'))
  const rows = Array.from({ length: filesOfArchive }, (_, day) =>
    event(day, {
      timestamp_ns: 1_700_000_000_000_000_000n + BigInt(day) * dayNs,
      window_title: marker,
      data: `{"m":"${marker}"}`,
    }),
  )
  await record(made, [eventStream(rows)])
  await done(made.packer('process'))
  return made
}

function ask({ home, config }: Installation, query: string): ChildProcess {
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), TMPDIR: join(home, 'tmp') }
  return spawnChronicle(['archive', 'sql', '--config', config, query], env)
}

/** Descriptors of the process that are plain files of an archive. */
function plainFiles({ pid }: ChildProcess): string[] {
  const directory = `/proc/${pid}/fd`
  try {
    return readdirSync(directory)
      .map(name => join(directory, name))
      .filter(path => readlinkSync(path).includes('/chronicle-private-'))
  } catch {
    // The process, or a descriptor, went away meanwhile.
    return []
  }
}

/** Looks without a pause, so that it is seen as soon as it is there. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    assert.ok(tries < 10_000_000, 'it never comes')
    await setImmediate()
  }
}

/** Every file that is left in any place where plain bytes could be, with the marker or without a name of its own. */
function leftovers({ home, base }: Installation): string[] {
  const inMemory = existsSync('/dev/shm') ? ownPrivate('/dev/shm') : []
  const places = [...inMemory, join(base, 'temp'), join(home, 'tmp'), join(base, 'metadata'), join(base, 'parquet')]
  const files = places.flatMap(place =>
    readdirSync(place, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name)),
  )
  return [...files, ...readdirSync(home).map(name => join(home, name))]
    .filter(path => {
      try {
        return readFileSync(path).includes(marker)
      } catch (error) {
        if (['EISDIR', 'ENXIO'].includes(`${(error as NodeJS.ErrnoException).code}`)) return false
        throw error
      }
    })
    .filter(path => !path.startsWith(join(home, 'ring')))
}

function ownPrivate(directory: string): string[] {
  return readdirSync(directory)
    .filter(name => name.startsWith('chronicle-private-'))
    .map(name => join(directory, name))
}

let made: Installation
before(async () => {
  made = await archive()
})

test('S16: a query that is killed leaves nothing plain behind, while it opens files and while it answers', {
  skip,
}, async () => {
  for (let round = 0; round < kills; round++) {
    const child = ask(made, endless)
    const closed = once(child, 'close')
    // The first file, or so many of them that it is about to answer, or all of them and then a while.
    const files = [1, 2, 10, filesOfArchive][round]!
    await until(() => plainFiles(child).length >= files || child.exitCode !== null)
    assert.equal(child.exitCode, null, 'it runs')
    if (files === filesOfArchive) {
      await setTimeout(500)
      const open = plainFiles(child)
      assert.ok(
        open.some(path => readFileSync(path).includes(marker)),
        'in the process the bytes are plain',
      )
      for (const path of open) assert.match(readlinkSync(path), / \(deleted\)$/)
    }
    child.kill('SIGKILL')
    await closed
    assert.deepEqual(leftovers(made), [], `round ${round}`)
  }
})

test('SIGINT and SIGTERM end a query at once, as a shell expects', { skip }, async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const child = ask(made, endless)
    let said = ''
    child.stderr!.on('data', piece => (said += piece))
    await until(() => plainFiles(child).length >= filesOfArchive)
    await setTimeout(300)
    child.kill(signal)
    assert.deepEqual(await once(child, 'close'), [code, null], said)
    assert.equal(said, '')
    assert.deepEqual(leftovers(made), [])
  }
})

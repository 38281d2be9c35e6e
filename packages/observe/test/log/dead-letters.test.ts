import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { encodeRecord } from '@chronicle/log'
import { createRegistry } from '@chronicle/telemetry'
import type { DeadLetter } from '../../src/contract.ts'
import { DeadLetters } from '../../src/dead-letters/dead-letters.ts'
import { decodeLetter, encodeLetter, rawBytesMax } from '../../src/dead-letters/letter.ts'
import { replayLetter } from '../../src/dead-letters/replay.ts'
import { observeErrors } from '../../src/errors.ts'
import { deadLettersTopic, eventsTopic } from '../../src/log/topics.ts'
import {
  eventOf,
  idOf,
  jsonOf,
  MemoryTables,
  openHouse,
  settle,
  startMs,
  temporaryDirectory,
  topicsOf,
  until,
} from '../support/log-house.ts'

const letterOf = (n: number, raw: Buffer | string = jsonOf(n)): DeadLetter => ({
  id: idOf(n),
  reason: 'clock',
  detail: 'a detail',
  source: 'http',
  atMicros: startMs * 1000 + n,
  raw: Buffer.from(raw),
})

const refusedWith = (code: string) => (error: unknown) => observeErrors.is(error) && error.code === code

test('the record of a letter is what version 1 wrote, and is read back; what is no letter is none', () => {
  const golden = readFileSync(new URL('../golden/dead-letter-v1.json', import.meta.url))
  const letter = { ...letterOf(1, 'no json'), isDeadLetter: true }
  const { key, value } = encodeLetter(letter)
  assert.equal(value.toString(), golden.toString().trimEnd())
  assert.deepEqual(decodeLetter(5, key, golden), { ...letter, offset: 5, rawBytes: 7 })
  const stored = JSON.parse(value.toString())
  const without = (name: string): Buffer => Buffer.from(JSON.stringify({ ...stored, [name]: undefined }))
  for (const name of ['reason', 'detail', 'source', 'at', 'raw_bytes']) {
    assert.equal(decodeLetter(0, key, without(name)), undefined, name)
  }
  for (const other of ['', '[]', 'null', '"text"', 'no json'])
    assert.equal(decodeLetter(0, key, Buffer.from(other)), undefined)
  assert.equal(decodeLetter(0, null, value), undefined)
  assert.equal(decodeLetter(0, key, null), undefined)
})

test('letters are listed from the newest on, page by page, and read one by one', async t => {
  const { deadLetters, log, stop } = await openHouse({ directory: temporaryDirectory(t), tables: new MemoryTables() })
  await deadLetters.add(Array.from({ length: 250 }, (_, n) => letterOf(n)))
  await log.partition(deadLettersTopic, 0)!.append(encodeRecord(Buffer.from('x'), Buffer.from('no letter'), startMs))
    .durable
  const found: string[] = []
  let before: number | undefined
  do {
    const page = await deadLetters.list({ limit: 1000, ...(before === undefined ? {} : { before }) })
    assert.ok(page.letters.length <= 100)
    assert.ok(page.letters.every(letter => !('raw' in letter)))
    found.push(...page.letters.map(({ id }) => id))
    before = page.before
  } while (before !== undefined)
  assert.deepEqual(
    found,
    Array.from({ length: 250 }, (_, n) => idOf(249 - n)),
  )
  const { raw, ...letter } = await deadLetters.get(7)
  assert.deepEqual([letter.id, letter.atMicros, letter.source], [idOf(7), startMs * 1000 + 7, 'http'])
  assert.equal(raw!.toString(), jsonOf(7))
  for (const offset of [-1, 250, 251, 1e9, 0.5]) {
    await assert.rejects(deadLetters.get(offset), refusedWith('observe.unknown-letter'), String(offset))
  }
  await stop()
})

test('OL6: a letter that is known is not added again, after a restart neither', async t => {
  const directory = temporaryDirectory(t)
  const first = await openHouse({ directory, tables: new MemoryTables() })
  await first.deadLetters.add([letterOf(1), letterOf(2), letterOf(1)])
  await Promise.all([[2, 3], [3], [3, 2]].map(each => first.deadLetters.add(each.map(n => letterOf(n)))))
  await first.stop()
  const second = await openHouse({ directory, tables: new MemoryTables() })
  await second.deadLetters.add([letterOf(1), letterOf(3), letterOf(4)])
  const { letters } = await second.deadLetters.list({ limit: 100 })
  assert.deepEqual(
    letters.map(({ id }) => id),
    [4, 3, 2, 1].map(idOf),
  )
  assert.match(await second.registry.metrics(), /chronicle_observe_dead_letters_total\{reason="clock"\} 1/)
  await second.stop()
})

test('OL6: a refused record is a durable letter before the position moves past it, once, however often its batch fails', async t => {
  const tables = new MemoryTables()
  const house = await openHouse({ directory: temporaryDirectory(t), tables, settings: { flushThreshold: 2 } })
  const { log, clock, deadLetters } = house
  tables.fate = () => 'fail'
  const partition = log.partition(eventsTopic, 0)!
  for (const value of ['{}', jsonOf(1)]) {
    await partition.append(encodeRecord(Buffer.from('x'), Buffer.from(value), startMs)).durable
  }
  for (let failures = 1; failures <= 3; failures++) {
    await until(() => house.projector.status.failuresInARow === failures)
    const { letters } = await deadLetters.list({ limit: 10 })
    assert.deepEqual(
      letters.map(({ reason, source }) => [reason, source]),
      [['missing-trace-id', 'kafka:swarm.events/0/0']],
    )
    clock.advance(30_000)
  }
  tables.fate = () => 'ok'
  clock.advance(30_000)
  await until(() => tables.events.length === 1)
  assert.equal(tables.position(partition.topicId), 2)
  await house.stop()
})

test('OL6: a letter is replayed as its event; what it lacks is made the same way each time', async t => {
  const tables = new MemoryTables()
  const house = await openHouse({ directory: temporaryDirectory(t), tables, settings: { flushThreshold: 1 } })
  const { deadLetters, intake } = house
  const replay = async (offset: number) =>
    replayLetter(await deadLetters.get(offset), startMs * 1000, events => intake.take(events))
  const nameless = '{"trace_id":"a","event_type":"task.created"}'
  const unreadable = { ...letterOf(4), reason: 'unreadable-batch' }
  const large = letterOf(5, Buffer.alloc(rawBytesMax + 1))
  await deadLetters.add([
    letterOf(1),
    { ...letterOf(2, nameless), isDeadLetter: true },
    letterOf(3, '{}'),
    unreadable,
    large,
  ])
  assert.deepEqual(await replay(0), { outcome: 'taken', eventId: idOf(1) })
  for (const _ of 'ab') assert.deepEqual(await replay(1), { outcome: 'taken', eventId: idOf(2) })
  assert.equal(((await replay(2)) as { reason: string }).reason, 'missing-trace-id')
  for (const offset of [3, 4]) await assert.rejects(replay(offset), refusedWith('observe.letter-without-event'))
  assert.equal((await deadLetters.get(4)).rawBytes, rawBytesMax + 1)
  await until(() => tables.events.length === 2)
  await settle()
  assert.deepEqual(
    tables.events.map(({ eventId, isDeadLetter }) => [eventId, isDeadLetter]),
    [
      [idOf(1), false],
      [idOf(2), true],
    ],
  )
  assert.deepEqual(tables.events[0], { ...eventOf(1), timestampMicros: tables.events[0]!.timestampMicros })
  await house.stop()
})

test('OL6: the newest letters are known after a restart, as many as are looked back for', async t => {
  const directory = temporaryDirectory(t)
  const { deadLetters, log, clock, stop } = await openHouse({ directory, tables: new MemoryTables() })
  for (let n = 0; n < 1000; n += 100) await deadLetters.add(Array.from({ length: 100 }, (_, at) => letterOf(n + at)))
  const reopened = new DeadLetters({ log, clock, topics: topicsOf(log), registry: createRegistry() })
  await reopened.add(Array.from({ length: 1000 }, (_, n) => letterOf(n)))
  assert.equal(log.partition(deadLettersTopic, 0)!.logEndOffset, 1000)
  await stop()
})

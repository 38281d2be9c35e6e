import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLogger, type LoggerOptions } from '../src/index.ts'

const noon = Date.UTC(2026, 0, 2, 12, 30, 1, 250)
const clock = { now: () => noon, monotonic: () => 0, after: () => ({ cancel() {} }), every: () => ({ cancel() {} }) }

/** A logger and the lines that it has written. */
function logged(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  return { lines, logger: createLogger({ level: 'debug', clock, write: line => void lines.push(line), ...options }) }
}

test('a line of JSON has time, level, message and fields', () => {
  const { lines, logger } = logged()
  logger.child({ component: 'wal' }).info({ topic: 'orders', size: 7 }, 'written')
  logger.warn('alone')
  assert.deepEqual(
    lines.map(line => JSON.parse(line)),
    [
      {
        time: '2026-01-02T12:30:01.250Z',
        level: 'info',
        message: 'written',
        component: 'wal',
        topic: 'orders',
        size: 7,
      },
      { time: '2026-01-02T12:30:01.250Z', level: 'warn', message: 'alone' },
    ],
  )
  assert.ok(lines.every(line => line.endsWith('\n')))
})

test('a field cannot take the place of time, level or message', () => {
  const { lines, logger } = logged()
  logger.info({ level: 'x', message: 'y', time: 'z' }, 'real')
  const { level, message, time } = JSON.parse(lines[0]!)
  assert.deepEqual([level, message, time], ['info', 'real', '2026-01-02T12:30:01.250Z'])
})

test('nothing below the level is written', () => {
  const { lines, logger } = logged({ level: 'warn' })
  for (const level of ['debug', 'info', 'warn', 'error'] as const) logger.child({}).child({})[level](level)
  assert.deepEqual(
    lines.map(line => JSON.parse(line).level),
    ['warn', 'error'],
  )
})

test('TM1: a field with the name of a secret is hidden at any depth, in both formats', () => {
  const names = ['password', 'Passwd', 'clientSecret', 'token', 'apiKey', 'api_key', 'accessKey', 'authorization']
  for (const format of ['json', 'readable'] as const) {
    for (const name of names) {
      const { lines, logger } = logged({ format })
      logger.child({ [name]: 'hunter2' }).error({ a: { b: [{ [name]: 'hunter2' }] } }, 'x')
      logger.error({ error: Object.assign(new Error('x'), { [name]: { value: 'hunter2' } }) })
      logger.error({ map: new Map([[name, 'hunter2']]), own: { toJSON: () => ({ [name]: 'hunter2' }) } })
      assert.doesNotMatch(lines.join(''), /hunter2/, `${format} ${name}`)
    }
  }
})

test('an error is told with its cause, its stack and its facts', () => {
  const { lines, logger } = logged()
  const cause = Object.assign(new Error('disk'), { code: 'EIO' })
  logger.error({ error: new Error('write failed', { cause }) }, 'failed')
  logger.error(new Error('alone'))
  const [first, second] = lines.map(line => JSON.parse(line).error)
  assert.equal(first.message, 'write failed')
  assert.equal(first.cause.code, 'EIO')
  assert.match(first.stack, /write failed\n\s+at /)
  assert.equal(second.message, 'alone')
})

test('whatever a field holds, a line comes out, and only one', () => {
  const circle: Record<string, unknown> = { name: 'circle' }
  circle.self = circle
  const values = [circle, 7n, Symbol('s'), () => 1, undefined, null, new Map([['a', 1]]), Buffer.from('x'), new Date(0)]
  for (const format of ['json', 'readable'] as const) {
    for (const value of values) {
      const { lines, logger } = logged({ format })
      logger.info({ value }, 'x')
      assert.equal(lines.length, 1)
    }
  }
})

test('a readable line is short, with the stack of an error below', () => {
  const { lines, logger } = logged({ format: 'readable' })
  logger.info({ topic: 'orders', note: 'two words', size: 7 }, 'written')
  logger.error({ error: new Error('boom') }, 'failed')
  assert.equal(lines[0], '12:30:01.250 info  written  topic=orders  note="two words"  size=7\n')
  assert.match(lines[1]!, /^12:30:01.250 error failed {2}error=boom\n {4}Error: boom\n {8}at /)
  logger.error({ error: Object.assign(new Error('full'), { remedy: 'Make room.' }) }, 'failed')
  assert.equal(lines[2], '12:30:01.250 error failed  error=full\n    → Make room.\n')
})

test('TM2: text from outside can neither forge a line nor send a control sequence', () => {
  const hostile = fc.string({ unit: fc.constantFrom('\n', '\r', '\x1b', '\x07', '[', '2', 'J', 'a', ' ', '"') })
  fc.assert(
    fc.property(hostile, text => {
      for (const format of ['json', 'readable'] as const) {
        const { lines, logger } = logged({ format })
        logger.info({ field: text }, text)
        assert.doesNotMatch(lines.join('').slice(0, -1), /\p{Cc}/u)
      }
    }),
  )
})

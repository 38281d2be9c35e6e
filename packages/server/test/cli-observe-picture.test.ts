import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventColumns, JsonObject } from '@chronicle/observe'
import fc from 'fast-check'
import { drawTrace, type PictureOptions } from '../src/cli/observe/trace-picture.ts'
import { rowsOf } from '../src/cli/observe/trace-rows.ts'
import { widthOf } from '../src/cli/text-width.ts'

const startMs = Date.parse('2026-11-20T09:00:00Z')
let made = 0

function event(ms: number, type: string, source: string, metadata: JsonObject = {}): EventColumns {
  const timestamp = new Date(startMs + ms).toISOString().replace('Z', '000Z')
  const event_id = `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`
  const rest = { metadata, is_dead_letter: false, created_at: timestamp }
  return { event_id, trace_id: 't', source, event_type: type, timestamp, ...rest }
}

const span = (name: string, duration_ms: number, is_error = false) => ({ span: { name, duration_ms, is_error } })

const task = [
  event(0, 'task.created', 'dispatch', { title: 'Repair the parser' }),
  event(1_000, 'task.assigned', 'dispatch', { agent: 'kai' }),
  event(2_000, 'task.started', 'kai'),
  event(2_000, 'gen_ai.chat', 'kai', span('chat', 4_000)),
  event(5_000, 'note', 'kai'),
  event(6_000, 'gen_ai.execute_tool', 'kai', span('search', 2_000, true)),
  event(10_000, 'task.completed', 'kai'),
  event(10_000, 'task.started', 'kai'),
]

const styles: string[] = []
const plain = (style: unknown, text: string): string => {
  styles.push(`${style} ${text.trim()}`)
  return text
}

function draw(events: readonly EventColumns[], options: Partial<PictureOptions> = {}): string[] {
  return drawTrace(rowsOf(events), { width: 100, rowsMax: 200, style: plain, ...options })
}

test('a trace is drawn with its states, spans and moments at their places in time', () => {
  assert.deepEqual(draw(task, { width: 90 }), [
    '   AFTER  EVENT                        SOURCE    0 ························ 10.0 s  LASTED',
    '    0 ms  task.created                 dispatch  ●━━                                 1.0 s',
    '   1.0 s  task.assigned                dispatch     ●━━                              1.0 s',
    '   2.0 s  task.started                 kai             ●━━━━━━━━━━━━━━━━━━━━━━━━━    8.0 s',
    '   2.0 s  gen_ai.chat                  kai             ├────────────┤                4.0 s',
    '   5.0 s  note                         kai                       ·',
    '   6.0 s  gen_ai.execute_tool search   kai                          ├──────✗         2.0 s',
    '  10.0 s  task.started (out of order)  kai                                       ○',
    '  10.0 s  task.completed               kai                                       ✓',
  ])
})

test('a narrow terminal keeps the times and the bars, and cuts names', () => {
  const lines = draw(task, { width: 60 })
  assert.deepEqual(lines.slice(0, 7), [
    '   AFTER  EVENT             0 ··············· 10.0 s  LASTED',
    '    0 ms  task.created      ●━                         1.0 s',
    '   1.0 s  task.assigned       ●━                       1.0 s',
    '   2.0 s  task.started          ●━━━━━━━━━━━━━━━━━━    8.0 s',
    '   2.0 s  gen_ai.chat           ├─────────┤            4.0 s',
    '   5.0 s  note                          ·',
    '   6.0 s  gen_ai.execute_…                ├────✗       2.0 s',
  ])
})

test('the state that a trace is in lasts on', () => {
  const lines = draw(task.slice(0, 3), { width: 70 })
  assert.match(lines.at(-1)!, /task\.started +kai +● +0 ms …$/)
  assert.match(lines.at(-2)!, /task\.assigned +dispatch +●━+ +1\.0 s$/)
})

test('colours tell states and what went wrong', () => {
  styles.length = 0
  draw(task)
  for (const style of ['yellow ●', 'cyan ●', 'blue ●', 'green ✓', 'red ├']) {
    assert.ok(
      styles.some(each => each.startsWith(style)),
      style,
    )
  }
})

test('what moved the trace is drawn before anything else, and what is left out is counted', () => {
  const many = [...task, ...Array.from({ length: 500 }, (_, at) => event(3_000 + at, 'step', 'kai'))]
  const lines = draw(many, { rowsMax: 10 })
  assert.equal(lines.length, 12)
  for (const type of ['task.created', 'task.assigned', 'task.started', 'task.completed', 'execute_tool']) {
    assert.ok(
      lines.some(line => line.includes(type)),
      type,
    )
  }
  assert.match(lines.at(-1)!, /… and 498 events more/)
})

test('S30: no line is wider than the terminal, and nothing of an event moves the cursor, whatever it holds', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\x1b[2J', '表計算です', '🙂\r\n', '\u202e'))
  const types = fc.oneof(text, fc.constantFrom('task.created', 'task.failed', 'task.timeout', 'system.error'))
  const events = fc.array(
    fc.record({ ms: fc.integer({ min: -1e6, max: 1e9 }), type: types, source: text, name: text, took: fc.integer() }),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(events, fc.integer({ min: 50, max: 200 }), (drawn, width) => {
      const lines = draw(
        drawn.map(({ ms, type, source, name, took }) => event(ms, type, source, span(name, took))),
        { width },
      )
      for (const line of lines) {
        assert.ok(widthOf(line) <= width, `${widthOf(line)} > ${width}: ${line}`)
        assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
      }
    }),
    { numRuns: 100 },
  )
})

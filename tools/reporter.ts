/** A reporter for `node --test`: one line a file, every failure and every skipped test in full, the totals at the end. */
import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

type FileTally = { passed: number; failed: number; skipped: number }

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const tallies = new Map<string, FileTally>()
  for await (const event of events) {
    if (event.type === 'test:pass' || event.type === 'test:fail') yield* reportTest(event, tallies)
    if (event.type === 'test:summary' && event.data.file)
      yield fileLine(event.data.file, event.data.duration_ms, tallies)
    if (event.type === 'test:stdout') yield event.data.message
    if (event.type === 'test:diagnostic' && event.data.nesting === 0) yield `ℹ ${event.data.message}\n`
  }
}

function* reportTest(event: Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>, tallies: Map<string, FileTally>) {
  const { name, skip, file = '', details } = event.data
  const tally = tallies.get(file) ?? { passed: 0, failed: 0, skipped: 0 }
  tallies.set(file, tally)
  if (details.type === 'suite') return
  if (event.type === 'test:fail') {
    tally.failed++
    yield `✖ ${shown(file)}: ${name}\n${indent(inspect(failureOf(event.data.details.error), { depth: 8 }))}\n`
  } else if (skip !== undefined) {
    tally.skipped++
    yield `﹣ ${shown(file)}: ${name}, skipped: ${skip === true ? 'no reason given' : skip}\n`
  } else tally.passed++
}

function fileLine(file: string, durationMs: number, tallies: ReadonlyMap<string, FileTally>): string {
  const { passed, failed, skipped } = tallies.get(file) ?? { passed: 0, failed: 0, skipped: 0 }
  const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`]
  return `${failed > 0 ? '✖' : '✔'} ${shown(file)}  ${counts.filter(Boolean).join(', ')}  ${Math.round(durationMs)} ms\n`
}

/** The runner wraps what a test threw: the cause is what the reader wants. */
function failureOf(error: Error): unknown {
  return error.cause instanceof Error ? error.cause : error
}

function shown(file: string): string {
  return relative(process.cwd(), file)
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ')
}

/** A reporter for `node --test`: one line a file, every failure and every skipped test in full, the totals at the end. */
import { relative } from 'node:path'
import type { EventData } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type === 'test:fail') yield failure(event.data)
    if (event.type === 'test:pass' && event.data.skip !== undefined) yield skipped(event.data)
    if (event.type === 'test:summary') yield fileLine(event.data)
    if (event.type === 'test:stdout' || event.type === 'test:stderr') yield event.data.message
    if (event.type === 'test:diagnostic' && event.data.nesting === 0) yield `ℹ ${event.data.message}\n`
  }
}

function failure({ name, file, line, details }: EventData.TestFail): string {
  const error: Error & { failureType?: string } = details.error
  // Said already by the tests inside it.
  if (error.failureType === 'subtestsFailed') return ''
  return `✖ ${shown(file)}:${line} ${name}\n${indent(inspect(failureOf(error), { depth: 8 }))}\n`
}

function skipped({ name, file, skip }: EventData.TestPass): string {
  return `﹣ ${shown(file)} ${name}, skipped: ${typeof skip === 'string' ? skip : 'no reason given'}\n`
}

function fileLine({ file, success, counts, duration_ms }: EventData.TestSummary): string {
  if (file === undefined) return ''
  const failed = counts.tests - counts.passed - counts.skipped - counts.todo
  const shares = [
    `${counts.passed} passed`,
    failed > 0 && `${failed} failed`,
    counts.skipped > 0 && `${counts.skipped} skipped`,
  ]
  return `${success ? '✔' : '✖'} ${shown(file)}  ${shares.filter(Boolean).join(', ')}  ${Math.round(duration_ms)} ms\n`
}

/** The runner wraps what a test threw: the cause is what the reader wants. */
function failureOf(error: Error): unknown {
  return error.cause instanceof Error ? error.cause : error
}

function shown(file = ''): string {
  return relative(process.cwd(), file)
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ')
}

/** What is said of a broker that is away, or refuses: the reason that counts, and not every time. */
import { messageOf } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { isRound } from '../is-round.ts'

/** Causes inside of causes that are followed. */
const depthMax = 8

/** The client library wraps a refused connection in what it was for: the innermost error says what is the matter. */
export function brokerReason(error: unknown): string {
  let innermost = error
  for (let depth = 0; depth < depthMax && innermost instanceof Error; depth++) {
    const next: unknown = (innermost instanceof AggregateError ? innermost.errors[0] : undefined) ?? innermost.cause
    if (next === undefined) break
    innermost = next
  }
  return messageOf(innermost)
}

/** For a loop that tries again: each failure, and how many there were in a row. */
export function sayTrouble(logger: Logger, words: string): (error: unknown, inARow: number) => void {
  return (error, inARow) => {
    if (isRound(inARow)) logger.warn({ reason: brokerReason(error), inARow }, `${words}: tried again until it works`)
  }
}

import { eventPageBytesMax } from '@chronicle/observe'
import type { BudgetLimits } from '../bytes-budget.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** Rows in one answer, and how many there are where nobody says. */
export const rowsPerPageMax = 1_000
export const rowsPerPage = 100

/** A title, an error and a scoring breakdown of the largest size, and the other columns. */
const traceRowBytesMax = 32 * kibibyte
const agentRowBytesMax = 2 * kibibyte

/** What an answer takes at most. A page of events ends with the event that brings it to its size. */
export const eventsAnswerBytesMax = eventPageBytesMax + 2 * mebibyte
export const tracesAnswerBytes = (rows: number): number => rows * traceRowBytesMax
export const agentsAnswerBytes = (rows: number): number => rows * agentRowBytesMax

/** A dead letter with what came, 2 MiB at most: as bytes, as text and as JSON, where each byte may take six. */
export const letterAnswerBytesMax = 16 * mebibyte

/** Answers in memory at once, until they have left. */
export const answersBudget: BudgetLimits = { bytesMax: 96 * mebibyte, waitingMax: 500, waitMsMax: 5_000 }

/** A client that takes nothing of its answer for so long is let go. */
export const answerStalledMsMax = 30_000

/** How long an answer waits for the tables, with their opening and whatever else is asked of them. */
export const readMsMax = 15_000

/** Body of a request with events, as it comes and after it is decompressed. */
export const eventsBodyBytesMax = 8 * mebibyte
export const eventsPerRequestMax = 10_000

/** So much of a body is read before others get their turn; the event that passes it is read to its end. */
export const turnBytes = 256 * kibibyte

/** Time for a body to arrive. */
export const bodyMsMax = 30_000

/** What a byte of a body takes at worst while it is worked on: as text, as records of the log, and as objects, which of arrays without content are forty times their text. */
export const memoryBytesPerByte = 40

/** Bodies with events that have arrived or are arriving. */
export const arrivingBudget: BudgetLimits = { bytesMax: 64 * mebibyte, waitingMax: 1_000, waitMsMax: 5_000 }

/** Those whose events are read, or wait to be durable: one of the largest at once, or many smaller ones. */
export const workingBudget: BudgetLimits = {
  bytesMax: eventsBodyBytesMax * memoryBytesPerByte,
  waitingMax: 1_000,
  waitMsMax: 5_000,
}

/** What the command line of `capture windows` and `capture export` accepts: known without loading what runs them. */
import type { AggregateSpan, WindowState } from '@chronicle/capture'

export const windowStates = ['open', 'closed', 'built', 'delivered'] as const satisfies readonly WindowState[]

export const exportKinds = ['events', 'windows', 'aggregates', 'screenshots'] as const
export type ExportKind = (typeof exportKinds)[number]

export const exportFormats = ['ndjson', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const aggregateSpans = ['minute', 'hour', 'day'] as const satisfies readonly AggregateSpan[]

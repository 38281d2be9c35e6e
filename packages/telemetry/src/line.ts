export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** One thing that was said, ready to be written. */
export type LogLine = {
  readonly level: LogLevel
  /** Milliseconds since the Unix epoch. */
  readonly time: number
  readonly message: string | undefined
  readonly fields: Record<string, unknown>
}

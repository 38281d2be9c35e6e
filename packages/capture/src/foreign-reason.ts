import { ChronicleError, messageOf } from '@chronicle/base'

/** What a program of somebody else's threw, for logs and errors: its kind alone, as its message may quote the events or the image that it was about. */
export function foreignReason(error: unknown): string {
  if (error instanceof ChronicleError) return messageOf(error)
  return error instanceof Error ? error.name : typeof error
}

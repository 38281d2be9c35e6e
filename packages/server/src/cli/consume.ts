import { consumeAsGroup } from './consume-group.ts'
import type { ConsumeOptions } from './consume-options.ts'
import { consumePartitions } from './consume-partitions.ts'
import { interruption } from './interrupted.ts'
import { recordFormatter } from './record-format.ts'
import { RecordPrinter } from './record-printer.ts'
import type { Terminal } from './terminal.ts'

/** Prints the records of a topic until there are no more, enough were printed, or somebody presses Ctrl-C. */
export async function consume(terminal: Terminal, topic: string, options: ConsumeOptions): Promise<void> {
  const printer = new RecordPrinter(terminal, recordFormatter(terminal, options.format), options.maxMessages)
  const interrupted = interruption()
  const { group } = options
  if (options.follow && terminal.notesAreSeen && terminal.isInteractive) {
    terminal.note(terminal.noteStyle('dim', `Waiting for records of ${topic}; Ctrl-C ends.`))
  }
  if (group === undefined) await consumePartitions(topic, options, printer, interrupted)
  else await consumeAsGroup(topic, { ...options, group }, printer, interrupted)
}

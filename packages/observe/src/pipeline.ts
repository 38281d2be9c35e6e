import type { Clock, Random, Stoppable } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { Health, Logger, Registry } from '@chronicle/telemetry'
import { Alerts } from './alerts.ts'
import type { DeadLetterSink } from './contract.ts'
import { DeadLetters } from './dead-letters/dead-letters.ts'
import { EventIntake } from './log/intake.ts'
import { OwnTopics } from './log/topics.ts'
import { Projector } from './projector.ts'
import type { EventWriter, ProjectorSettings } from './projector-contract.ts'

export type PipelineOptions = {
  readonly log: Log
  /** The tables. They are asked for the first time when there is something to read, and may open their database then. */
  readonly writer: (deadLetters: DeadLetterSink) => EventWriter
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  readonly health: Health
  readonly settings: ProjectorSettings & { readonly logRetentionMs: number }
}

/** The way from sources through the log to the tables. */
export type Pipeline = Stoppable & {
  readonly intake: EventIntake
  readonly projector: Projector
  readonly deadLetters: DeadLetters
  readonly alerts: Alerts
}

/** Begins to bring what the topics hold to the tables. To be stopped after the sources and before the tables and the log. */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { log, clock, registry, settings } = options
  const topics = new OwnTopics({ log, retentionMs: settings.logRetentionMs, onMade: () => projector.refresh() })
  await topics.update()
  const alerts = new Alerts(options)
  const deadLetters = new DeadLetters({ log, clock, topics, registry })
  const projector = new Projector({ ...options, writer: options.writer(deadLetters), deadLetters, alerts })
  const { bufferEventsMax, overflow } = settings
  const intake = new EventIntake({
    log,
    clock,
    topics,
    bufferEventsMax,
    overflow,
    waiting: () => projector.takenWaiting,
    onBusy: () => projector.refused(),
  })
  return { intake, projector, deadLetters, alerts, stop: () => projector.stop() }
}

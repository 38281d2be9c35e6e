import { accessSync, constants, statfsSync } from 'node:fs'
import { type Clock, messageOf, type Stoppable } from '@chronicle/base'
import type { DiskRoom, PackerEngine, PackerMetrics } from '@chronicle/packer'
import type { Logger } from '@chronicle/telemetry'

/** Looks at processor, memory, disk and ring every `intervalMs`, and when it is asked. */
export class UsageSampler implements Stoppable {
  readonly #options: { engine: PackerEngine; metrics: PackerMetrics; clock: Clock; logger: Logger }
  readonly #timer: { cancel(): void }
  #cpu = process.cpuUsage()
  #at: number

  constructor(options: {
    engine: PackerEngine
    metrics: PackerMetrics
    clock: Clock
    logger: Logger
    intervalMs: number
  }) {
    this.#options = options
    this.#at = options.clock.monotonic()
    this.#timer = options.clock.every(options.intervalMs, () => this.sample())
    this.sample()
  }

  sample(): void {
    const { engine, metrics, clock, logger } = this.#options
    const [cpu, at] = [process.cpuUsage(this.#cpu), clock.monotonic()]
    const passedMicros = Math.max(1, (at - this.#at) * 1000)
    this.#cpu = process.cpuUsage()
    this.#at = at
    metrics.sample({
      memoryBytes: process.memoryUsage.rss(),
      cpuPercent: (100 * (cpu.user + cpu.system)) / passedMicros,
      diskBytes: engine.archiveBytes(),
      ring: ringOf(engine, logger),
    })
  }

  stop(): void {
    this.#timer.cancel()
  }
}

function ringOf(engine: PackerEngine, logger: Logger) {
  try {
    return engine.ring()
  } catch (error) {
    // The service says it once, and health whenever it is asked.
    logger.debug({ reason: messageOf(error) }, 'the ring cannot be looked at')
    return undefined
  }
}

/** What is left for this user on the disk of the directory `path`. Throws where it cannot be written. */
export function diskRoom(path: string): DiskRoom {
  accessSync(path, constants.W_OK | constants.X_OK)
  const { bavail, bsize, files, ffree } = statfsSync(path)
  // Some file systems have no bound on names, and say 0 of 0.
  return { freeBytes: bavail * bsize, hasFreeNames: files === 0 || ffree > 0 }
}

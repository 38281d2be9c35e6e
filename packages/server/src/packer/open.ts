import type { Clock, Lifecycle, Random } from '@chronicle/base'
import {
  checkControlPath,
  type OpenTopic,
  openPackerEngine,
  type PackerEngine,
  PackerMetrics,
  type PackerSettings,
  packerErrors,
} from '@chronicle/packer'
import { createRegistry, type Logger, type Registry } from '@chronicle/telemetry'
import type { AskPassphrase } from '../vault/master-source.ts'
import { type OpenedKeys, openArchiveKeys } from './keys.ts'
import { readPidFile } from './pid-file.ts'
import { type PackerPlaces, packerPlaces, prepareBase } from './places.ts'

export type PackerOptions = {
  readonly settings: PackerSettings
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly ask?: AskPassphrase | undefined
}

export type OpenedPacker = {
  readonly settings: PackerSettings
  readonly places: PackerPlaces
  readonly engine: PackerEngine
  readonly registry: Registry
  readonly metrics: PackerMetrics
  /** undefined where encryption is off. */
  readonly keys: OpenedKeys | undefined
}

/** Opens keys, archive and ring for this process alone. Throws 'packer.archive-busy' where another packer has them. */
export async function openPacker(options: PackerOptions, lifecycle: Lifecycle): Promise<OpenedPacker> {
  const places = packerPlaces(options.settings)
  const settings = { ...options.settings, basePath: places.basePath }
  checkControlPath(places.socket)
  prepareBase(places)
  const registry = createRegistry()
  const metrics = new PackerMetrics(registry)
  const keys = settings.encryptionEnabled ? await openArchiveKeys({ ...options, places }, lifecycle) : undefined
  const { clock, random, logger } = options
  const engine = await namingTheOther(places, () =>
    openPackerEngine({ settings, keys: keys?.keys, clock, random, logger, metrics, openTopic: topicsOf(logger) }),
  )
  lifecycle.add('archive', { stop: () => engine.close() })
  return { settings, places, engine, registry, metrics, keys }
}

/** The client of a broker takes as long to load as all the rest of a packer: only one that packs topics waits for it. */
function topicsOf(logger: Logger): OpenTopic {
  return async request => {
    const { topicsOver } = await import('./topic-open.ts')
    return topicsOver(logger)(request)
  }
}

/** A refusal says which process has the archive, as far as that is known. */
async function namingTheOther<T>(places: PackerPlaces, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (!packerErrors.is(error) || error.code !== 'packer.archive-busy') throw error
    throw packerErrors.create('packer.archive-busy', { path: places.basePath, pid: readPidFile(places.pid) }, error)
  }
}

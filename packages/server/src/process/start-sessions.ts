/** Keys, objects and sessions of the process: opened after the log, closed before it. */
import type { Clock, Lifecycle, Random } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import { openSessions, type Sessions } from '@chronicle/sessions'
import type { Health, Logger, Registry } from '@chronicle/telemetry'
import { witnessAnchor } from '@chronicle/vault'
import type { ServerSettings } from '../settings.ts'
import { openOrCreateVault } from '../vault/open-or-create.ts'
import { openVaultParts } from '../vault/open-vault.ts'
import { originOf } from '../vault/origin.ts'
import { sessionSettings } from './options.ts'
import { rootsToTopic } from './roots-topic.ts'

export type SessionsOptions = {
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  readonly health: Health
  /** Resolves with the log once it is open. */
  readonly log: Promise<Log>
}

export type StartedSessions = {
  readonly sessions: Sessions
  /** Where the master key comes from, for people. */
  readonly keys: string
}

/**
 * Opens the vault, or makes one at the first start, and the sessions over it. A vault that cannot be opened ends the start: a recorder that cannot seal
 * would find out with its first chunk only (S8).
 */
export async function startSessions(options: SessionsOptions, lifecycle: Lifecycle): Promise<StartedSessions> {
  const { settings, clock, random, registry, health } = options
  const logger = options.logger.child({ component: 'sessions' })
  const effects = { clock, random }
  const parts = await openVaultParts(settings.dataDirectory, effects)
  lifecycle.add('objects', { stop: () => parts.close() })
  const vault = await openOrCreateVault(parts, { settings, effects }, options.logger)
  lifecycle.add('vault', { stop: () => vault.close() })
  const log = await options.log
  const topic = settings.sessionsRootsTopic
  const sessions = await openSessions({
    ...effects,
    store: parts.store,
    vault,
    audit: parts.audit,
    logger,
    registry,
    health,
    settings: sessionSettings(settings),
    origin: originOf(settings, vault),
    anchors: settings.sessionsWitnesses.map(witness => witnessAnchor({ ...witness, clock, fetch })),
    ...(topic === '' ? {} : { onRoot: rootsToTopic(log, topic, clock) }),
  })
  lifecycle.add('sessions', { stop: () => sessions.close() })
  const { source, sourceDetail } = vault.status
  health.register('vault', () => ({ status: 'pass', reason: `the key store is open, with its master from: ${source}` }))
  return { sessions, keys: `${source}: ${sourceDetail}` }
}

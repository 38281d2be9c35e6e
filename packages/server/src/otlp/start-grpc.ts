/** The port of OTLP over gRPC, as the settings have it. */
import type { Clock } from '@chronicle/base'
import type { Health, Logger } from '@chronicle/telemetry'
import { isLoopback } from '../process/addresses.ts'
import { explainListenError } from '../process/listen-error.ts'
import { settings as declared, type ServerSettings } from '../settings.ts'
import type { TraceExports } from './exports.ts'
import type { GrpcListener } from './grpc/listener.ts'

/** Where every exporter sends unless it is told otherwise. */
export const usualPort = 4317

export type GrpcStart = {
  readonly settings: Pick<ServerSettings, 'httpBindAddress' | 'httpConnectionsMax' | 'otlpGrpcPort'>
  readonly clock: Clock
  readonly logger: Logger
  readonly health: Health
  readonly exports: TraceExports
}

/**
 * S21: undefined where nothing listens. The port that exporters know is taken when it is free, so that they get here without a word; on a machine that has a collector
 * there already, nobody asked for it and the server starts without. A port that somebody did ask for has to be had, as any other.
 */
export async function startGrpc(options: GrpcStart): Promise<GrpcListener | undefined> {
  const { settings, clock, exports, health } = options
  const { httpBindAddress: address, httpConnectionsMax: connectionsMax, otlpGrpcPort: asked } = settings
  if (asked === 'off') return undefined
  const port = asked ?? usualPort
  const logger = options.logger.child({ component: 'otlp' })
  try {
    const { startGrpcListener } = await import('./grpc/listener.ts')
    const listener = await startGrpcListener({ address, port, connectionsMax, exports, clock })
    if (!isLoopback(address))
      logger.warn(
        { address, port: listener.port },
        'the OTLP port is open to the network, and this version asks nobody who they are',
      )
    return listener
  } catch (error) {
    if (asked !== undefined || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
      const { otlpGrpcPort: portSetting, httpBindAddress: addressSetting } = declared
      throw explainListenError(error, { what: 'OTLP over gRPC', address, port, portSetting, addressSetting })
    }
    const reason = `another program listens on ${port}: OTLP over gRPC is not served. Choose another port with ${portVariable}, or say off; over HTTP it is served as ever`
    logger.warn({ address, port }, reason)
    health.register('otlp-grpc', () => ({ status: 'warn', reason }))
    return undefined
  }
}

const portVariable = declared.otlpGrpcPort.environment[0]

/** A capture in a process of its own: the library over topics, and the pages that say how it is. */
import { type Clock, Lifecycle, type Random, type StopReport } from '@chronicle/base'
import { type HandedOn, StorageModule } from '@chronicle/capture'
import { collectProcessMetrics, createRegistry, type Logger, type Registry } from '@chronicle/telemetry'
import { startPagesServer } from '../http/pages-server.ts'
import { loadPackerSettings } from '../packer/settings.ts'
import { hostPort } from '../process/addresses.ts'
import { explainListenError } from '../process/listen-error.ts'
import { FrameHandOn, type FrameOptions } from './frames.ts'
import { type CaptureRunSettings, captureRunSettings } from './settings.ts'

/** For what was received and is not stored yet, and for screenshots that are handed on. */
export const captureStopMsMax = 30_000

const metricsAddress = '127.0.0.1'

export type ServeCaptureOptions = {
  readonly settings: CaptureRunSettings
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

export type RunningCapture = {
  readonly facts: Readonly<Record<string, string>>
  stop(): Promise<StopReport[]>
}

/** A capture that runs until it is stopped. What was started is stopped again when a later part fails. */
export async function serveCapture(options: ServeCaptureOptions): Promise<RunningCapture> {
  const lifecycle = new Lifecycle(options.clock)
  try {
    return { ...(await startParts(options, lifecycle)), stop: () => lifecycle.stop(captureStopMsMax) }
  } catch (error) {
    await lifecycle.stop(captureStopMsMax)
    throw error
  }
}

async function startParts({ settings, clock, random, logger }: ServeCaptureOptions, lifecycle: Lifecycle) {
  const registry = createRegistry()
  collectProcessMetrics(registry)
  const frames = await openFrames(settings, { clock, random, logger, registry })
  if (frames) lifecycle.add('frames', frames)
  const handOn = frames && {
    handOn: (shot: HandedOn) => frames.take(shot),
    checks: { frames: () => frames.health() },
  }
  const storage = await StorageModule.create({ ...settings, ...handOn, clock, random, logger, registry })
  lifecycle.add('capture', { stop: () => storage.shutdown() })
  await storage.run()
  const metrics = await serveMetrics(settings, { storage, registry, logger }, lifecycle)
  const { database, socket, bus, keys } = storage.status()
  return { facts: { database, topics: bus, keys, socket, metrics, ...(frames && { frames: frames.ringPath }) } }
}

/** Of the packer's settings only what says where the ring is, and how one is made. */
async function openFrames(
  { screenshotHandOn, framesRingPath, screenshotMaxPixels: pixelsMax }: CaptureRunSettings,
  around: Pick<FrameOptions, 'clock' | 'random' | 'logger' | 'registry'>,
): Promise<FrameHandOn | undefined> {
  if (screenshotHandOn === 'none') return undefined
  const { ringPath, ringBytes, backpressureThreshold, writeTimeoutMs } = loadPackerSettings(undefined).values
  const packer = { ringBytes, backpressureThreshold, writeTimeoutMs }
  return FrameHandOn.open({ ringPath: framesRingPath ?? ringPath, packer, pixelsMax, ...around })
}

async function serveMetrics(
  { metricsPort }: CaptureRunSettings,
  { storage, registry, logger }: { storage: StorageModule; registry: Registry; logger: Logger },
  lifecycle: Lifecycle,
): Promise<string> {
  if (metricsPort === 0) return 'off'
  const pages = {
    '/metrics': async () => ({ status: 200, type: registry.contentType, body: await registry.metrics() }),
    '/health': () => {
      const report = storage.health()
      const status = report.status === 'fail' ? 503 : 200
      return { status, type: 'application/json', body: `${JSON.stringify(report)}\n` }
    },
  }
  try {
    const { port } = lifecycle.add(
      'metrics',
      await startPagesServer({ address: metricsAddress, port: metricsPort, pages, logger }),
    )
    return `http://${hostPort(metricsAddress, port)}/metrics`
  } catch (error) {
    const listening = { what: 'metrics of capture', address: metricsAddress, port: metricsPort }
    throw explainListenError(error, { ...listening, portSetting: captureRunSettings.metricsPort })
  }
}

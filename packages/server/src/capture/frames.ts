/** Hands screenshots on to the packer: each becomes a frame in its ring just before its bytes are destroyed. */
import { type Clock, messageOf, type Random, type Stoppable } from '@chronicle/base'
import { type HandedOn, imageAsPng } from '@chronicle/capture'
import {
  createRing,
  encodeFrameRecord,
  type FrameFormat,
  frameFormats,
  openRingWriter,
  type PackerSettings,
  packerErrors,
  type RingWriter,
} from '@chronicle/packer'
import { type CheckResult, Counter, type Logger, type Registry } from '@chronicle/telemetry'
import { plural } from '../cli/format.ts'
import { serverErrors } from '../errors.ts'

/** For an image of a format that the packer does not take. */
const convertSecondsMax = 4

export type FrameOptions = {
  readonly ringPath: string
  /** What a ring is made with that is not there yet. */
  readonly packer: Pick<PackerSettings, 'ringBytes' | 'backpressureThreshold' | 'writeTimeoutMs'>
  /** A larger image is not converted. */
  readonly pixelsMax: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
}

type Outcome = 'written' | 'no-image' | 'failed'

export class FrameHandOn implements Stoppable {
  readonly #options: FrameOptions
  readonly #counts: Record<Outcome, number> = { written: 0, 'no-image': 0, failed: 0 }
  #ring: RingWriter | undefined
  #failure: unknown

  private constructor(options: FrameOptions) {
    this.#options = options
    const counts = this.#counts
    new Counter({
      name: 'chronicle_capture_frames_total',
      help: 'Screenshots at their end, by what became of them in the ring of the packer',
      labelNames: ['outcome'],
      registers: [options.registry],
      collect() {
        this.reset()
        for (const [outcome, count] of Object.entries(counts)) this.inc({ outcome }, count)
      },
    })
  }

  get ringPath(): string {
    return this.#options.ringPath
  }

  /** Takes the writing side of the ring, which is made if it is missing. Rejects with a `packer.ring-…` error. */
  static async open(options: FrameOptions): Promise<FrameHandOn> {
    const frames = new FrameHandOn(options)
    frames.#ring = await frames.#openRing()
    return frames
  }

  /** Never waits for room: the packer empties a ring at night, and a screenshot goes in its time. Rejects where it is not in the ring. */
  async take(shot: HandedOn): Promise<void> {
    try {
      const isWritten = await this.#write(shot)
      this.#counts[isWritten ? 'written' : 'no-image']++
      this.#failure = undefined
    } catch (error) {
      this.#counts.failed++
      this.#failure = error
      // The next screenshot opens it again.
      this.#close()
      throw error
    }
  }

  health(): CheckResult {
    const { written, failed } = this.#counts
    if (this.#failure === undefined) return { status: 'pass', reason: `${plural(written, 'screenshot')} handed on` }
    return { status: 'warn', reason: `${plural(failed, 'screenshot')} not handed on: ${messageOf(this.#failure)}` }
  }

  stop(): void {
    this.#close()
  }

  /** False where the bytes are no image: those are of no use to the packer. */
  async #write(shot: HandedOn): Promise<boolean> {
    const { format } = shot.record
    if (format === undefined) return false
    const isTaken = (frameFormats as readonly string[]).includes(format)
    const { pixelsMax } = this.#options
    const converted = isTaken ? undefined : await imageAsPng(shot.image, { pixelsMax, secondsMax: convertSecondsMax })
    const record = recordOf(shot, isTaken ? (format as FrameFormat) : 'png', converted ?? shot.image)
    converted?.fill(0)
    try {
      if (await this.#put(record)) return true
      throw serverErrors.create('server.frames-ring-full', { ring: this.#options.ringPath, bytes: record.length })
    } finally {
      record.fill(0)
    }
  }

  /** Programs that clean temporary directories may take a ring: then a new one is made. */
  async #put(record: Buffer): Promise<boolean> {
    this.#ring ??= await this.#openRing()
    try {
      return await this.#ring.write('frames', record, 0)
    } catch (error) {
      if (!packerErrors.is(error) || error.code !== 'packer.ring-removed') throw error
      this.#close()
      this.#ring = await this.#openRing()
      return this.#ring.write('frames', record, 0)
    }
  }

  async #openRing(): Promise<RingWriter> {
    const { ringPath: path, packer, clock, random } = this.#options
    const { ringBytes: capacityBytes, ...others } = packer
    if (await createRing({ path, capacityBytes, ...others, clock, random }))
      this.#options.logger.info({ ring: path, capacityBytes }, 'a ring was made')
    return openRingWriter({ path, clock })
  }

  #close(): void {
    this.#ring?.close()
    this.#ring = undefined
  }
}

function recordOf({ record, about }: HandedOn, format: FrameFormat, image: Uint8Array): Buffer {
  const { id, eventId, sessionId, capturedMs, privacyMasked, measures } = record
  const metadata = {
    screenshot_id: id,
    window_title: about.windowTitle,
    app_name: about.appName,
    screen_region: about.screenRegion,
    privacy_masked: privacyMasked,
    text_density: measures?.textDensity,
    dominant_colors: measures?.dominantColors,
    ui_element_count: measures?.uiElementCount,
  }
  const timestampNs = BigInt(capturedMs) * 1_000_000n
  return encodeFrameRecord({ timestampNs, sessionId, eventId, format, image, metadata: JSON.stringify(metadata) })
}

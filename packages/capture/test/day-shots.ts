/** What has to become of screenshots: how long each may live, why it ends, and what stays of it. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { ScreenshotError } from '../src/errors.ts'
import type { EventBatch, StorageModule } from '../src/index.ts'
import { comesAbout, type DayClock } from './day-clock.ts'
import { type DayEvent, numberOf, sessionIds } from './day-deliveries.ts'
import { type DayImage, largeEvery } from './day-images.ts'
import { latenessMs, windowMs } from './windows-model.ts'

const afterWindowMs = 30_000
/** What is due is deleted at the next look, one a second. */
const lookMs = 1_000
const thresholdBytes = 5 * 2 ** 20

type Ending = 'analysed' | 'expired' | 'stopped' | 'interrupted'

type Shot = {
  readonly id: string
  readonly event: DayEvent
  readonly image: DayImage
  /** On the wall, and of the time that passes. */
  readonly endsWallMs: number
  endsMs: number
  ending?: Ending
  /** Its time was over already, and it may have been deleted for that. */
  wasDue?: boolean
}

export class DayShots {
  readonly #images: { readonly small: readonly DayImage[]; readonly large: readonly DayImage[] }
  readonly #clock: DayClock
  readonly #all = new Map<string, Shot>()
  readonly #live = new Set<Shot>()
  read = 0
  inFiles = 0

  constructor(images: { readonly small: readonly DayImage[]; readonly large: readonly DayImage[] }, clock: DayClock) {
    this.#images = images
    this.#clock = clock
  }

  get count(): number {
    return this.#all.size
  }

  get live(): number {
    return this.#live.size
  }

  endings(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { ending = 'none' } of this.#all.values()) counts[ending] = (counts[ending] ?? 0) + 1
    return counts
  }

  dataOf(event: DayEvent): Record<string, unknown> {
    return { ...event.data, screenshot_id: shotIdOf(event.number), image: this.#imageOf(event).bytes }
  }

  /** Another image under the id of `event`; undefined where that has not come. */
  otherDataOf(event: DayEvent): Record<string, unknown> | undefined {
    const shot = this.#all.get(shotIdOf(event.number))
    const image = this.#images.small.find(other => other !== shot?.image)!.bytes
    return shot && { ...event.data, screenshot_id: shot.id, image }
  }

  /** It comes now. */
  accept(event: DayEvent): void {
    const { wallMs, passedMs } = this.#clock
    const closes = (ms: number): number => ms - (ms % windowMs) + windowMs + latenessMs
    const own = closes(event.timestamp)
    // The window that it joins; a time that lies ahead puts nothing off.
    const closesMs = Math.min(own > wallMs ? own : closes(wallMs - latenessMs), wallMs + windowMs + latenessMs)
    const endsWallMs = closesMs + afterWindowMs
    const shot = { id: shotIdOf(event.number), event, image: this.#imageOf(event), endsWallMs }
    this.#live.add(this.#remember({ ...shot, endsMs: passedMs + endsWallMs - wallMs }))
  }

  /** The clock was set, or the machine slept: the end may be nearer now, and never farther away. */
  clockWasSet(): void {
    const { wallMs, passedMs } = this.#clock
    for (const shot of this.#live) shot.endsMs = Math.min(shot.endsMs, passedMs + Math.max(0, shot.endsWallMs - wallMs))
  }

  /** CS2: what is due by now is gone, and there are no files but of those that are not. Waits for the disk, while no time passes. */
  async check(storage: StorageModule, directory: string): Promise<void> {
    for (const shot of this.#live) {
      if (this.#clock.passedMs < shot.endsMs + lookMs) continue
      this.#decide(shot, 'expired')
      await comesAbout(
        () => `CS2: ${shot.id} is gone, for its time is over`,
        () => isGone(storage, shot.id),
      )
    }
    const isAllowed = (name: string): boolean => this.#mayBeThere(name)
    await comesAbout(
      () => 'CS3 CS4: no file is there but of what lives',
      () => readdirSync(directory).every(isAllowed),
    )
    await comesAbout(
      () => 'CS3: nothing is held but what lives',
      () => this.#holdsNoMore(storage),
    )
  }

  /** What a batch says of its screenshots, and whether the bytes of those that should live are there. */
  async checkBatch(batch: EventBatch, storage: StorageModule): Promise<void> {
    const events = batch.events.filter(event => event.event_type === 'screenshot')
    assert.deepEqual(
      batch.screenshots.map(({ screenshot_id: id }) => id),
      events.map(({ data }) => data.screenshot_id),
      'a batch refers to its screenshots',
    )
    for (const [at, reference] of batch.screenshots.entries()) {
      const shot = this.#all.get(reference.screenshot_id)
      assert.ok(shot, 'a screenshot that was published')
      const { event, image } = shot
      assert.equal(numberOf(events[at]!.id), event.number)
      assert.equal(Date.parse(reference.timestamp), event.timestamp)
      assert.deepEqual([reference.size_bytes, reference.hash], [image.bytes.length, image.hash])
      assertDescribed(events[at]!.data, shot)
      if (reference.place === 'deleted') assert.ok(this.#mayBeGone(shot), `${shot.id} is gone before its time`)
      else await this.#assertReadable(shot, reference.place, storage)
    }
  }

  /** CS2: the analysis has said that it is done with these. */
  async analysed(storage: StorageModule, ids: readonly string[]): Promise<void> {
    const live = [...this.#live].filter(({ id }) => ids.includes(id))
    for (const shot of live) this.#decide(shot, 'analysed')
    await storage.analysed(ids)
    for (const { id } of live)
      await comesAbout(
        () => `CS2: ${id} is gone, being analysed`,
        () => isGone(storage, id),
      )
  }

  /** The program has ended: nothing lives any more. */
  ended(ending: 'stopped' | 'interrupted'): void {
    for (const shot of this.#live) this.#decide(shot, ending)
  }

  /** What stays of each for ever, at the end of the day. */
  async assertKept(storage: StorageModule): Promise<void> {
    for (const { id, event, image, ending, wasDue } of this.#all.values()) {
      const info = await storage.screenshotInfo(id)
      assert.ok(info, `${id} is known`)
      const { metadata } = event.data as { metadata: { window_title: string; app_name: string } }
      const found = [info.state, info.place, info.appName, info.windowTitle, info.sizeBytes, info.hash, info.capturedMs]
      const known = [metadata.app_name, metadata.window_title, image.bytes.length, image.hash, event.timestamp]
      assert.deepEqual(found, ['deleted', 'deleted', ...known])
      assert.deepEqual([info.format, info.width, info.height], [image.format, image.width, image.height])
      assert.equal(info.sessionId, sessionIds[event.session])
      assert.ok(
        info.reason === ending || (wasDue && info.reason === 'expired'),
        `${id} is gone: ${info.reason}, not ${ending}`,
      )
      assert.ok(info.measures, 'it was measured')
    }
  }

  /** Neither screenshots nor bytes but of those that live. */
  #holdsNoMore(storage: StorageModule): boolean {
    const { live, bytes } = storage.metrics().screenshots
    const bytesMax = [...this.#live].reduce((sum, { image }) => sum + image.bytes.length, 0)
    return live <= this.#live.size && bytes.memory + bytes.files + bytes.waiting <= bytesMax
  }

  #decide(shot: Shot, ending: Ending): void {
    shot.ending = ending
    shot.wasDue = this.#clock.passedMs >= shot.endsMs
    this.#live.delete(shot)
  }

  async #assertReadable(shot: Shot, place: 'memory' | 'file', storage: StorageModule): Promise<void> {
    const isLarge = shot.image.bytes.length > thresholdBytes
    assert.equal(place, isLarge ? 'file' : 'memory', 'it is where its size says')
    if (isLarge) this.inFiles++
    const bytes = await storage.screenshot(shot.id).catch(() => undefined)
    if (bytes === undefined)
      return assert.ok(this.#mayBeGone(shot), `${shot.id} cannot be read before its time is over`)
    assert.ok(bytes.equals(shot.image.bytes), 'the bytes are those that came')
    this.read++
  }

  #mayBeGone(shot: Shot): boolean {
    return shot.ending !== undefined || !this.#live.has(shot) || this.#clock.passedMs >= shot.endsMs
  }

  #mayBeThere(name: string): boolean {
    const shot = this.#all.get(name.replace('.sealed', ''))
    return shot !== undefined && this.#live.has(shot)
  }

  #remember(shot: Shot): Shot {
    this.#all.set(shot.id, shot)
    return shot
  }

  #imageOf({ number, image }: DayEvent): DayImage {
    const { small, large } = this.#images
    // By a number that says nothing of the order.
    const drawn = Math.imul(number, 0x9e3779b1) >>> 8
    const pool = image === 'large' || drawn % largeEvery === 0 ? large : small
    return pool[drawn % pool.length]!
  }
}

export function shotIdOf(number: number): string {
  return `5c4ee000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`
}

async function isGone(storage: StorageModule, id: string): Promise<boolean> {
  try {
    await storage.screenshot(id)
    return false
  } catch (error) {
    return error instanceof ScreenshotError && error.code === 'capture.screenshot-deleted'
  }
}

function assertDescribed(data: Readonly<Record<string, unknown>>, { image }: Shot): void {
  assert.ok(!('image' in data), 'no bytes in a batch')
  const said = [data.size_bytes, data.hash, data.format, data.width, data.height]
  assert.deepEqual(said, [image.bytes.length, image.hash, image.format, image.width, image.height])
}

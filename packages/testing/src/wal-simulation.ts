/**
 * A seeded life of the write-ahead log on a disk that fails, against a model that does not: appends, reads, trims, rotation,
 * seals, closes, crashes in the middle of any operation, full disks, failing writes and syncs, decay. After each
 * recovery the log must be a prefix of what was appended that holds all that was acknowledged.
 */
import assert from 'node:assert/strict'
import { crc32c, seededRandom } from '@chronicle/base'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { lostEntry, openDiskWal, repairWal, type Wal, type WalLimits, walErrors, walProfiles } from '@chronicle/wal'
import { SimDisk } from './sim-disk.ts'
import { SimScheduler } from './sim-scheduler.ts'
import { type ModelEntry, readFrom } from './wal-model.ts'

const directory = '/data/wal'
const stepsPerLife = 60

/** Small files, chunks and buffers, so that a short life goes through all of them. */
const limits: WalLimits = {
  ...walProfiles.low,
  fileBytesMax: 20 * 1024,
  fileAgeMsMax: 60_000,
  payloadBytesMax: 40 * 1024,
  chunkBytes: 8 * 1024,
  tailBytesMax: 40 * 1024,
  unsyncedBytesReadyMax: 16 * 1024,
  unsyncedBytesMax: 32 * 1024,
  freeBytesMin: 200 * 1024,
  prewriteBytes: 16 * 1024,
  sliceBytesMax: 8 * 1024,
  slicesPooledMax: 2,
  warmBytesMax: 30 * 1024,
  openFilesMax: 2,
}

/** Runs the life that `seed` decides. Rejects with what went wrong and the disk's last operations. */
export async function simulateWal(seed: number): Promise<void> {
  const life = new Life(seed)
  try {
    await life.run()
  } catch (error) {
    throw new Error(`wal simulation failed with seed ${seed}\n${life.trace()}`, { cause: error })
  }
}

class Life {
  readonly #random
  readonly #scheduler
  readonly #disk
  /** What was taken, in order, and may still be there; oldest files may be trimmed away. */
  #entries: ModelEntry[] = []
  /** Everything below was acknowledged, by `onDurable` or by having been read back after a recovery. */
  #durableLsn = 0
  #endLsn = 0
  #startLsn = 0
  #trimmedLsn = 0
  #sealed = false
  #failed = false
  #wal!: Wal

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    this.#scheduler = new SimScheduler(this.#random)
    this.#disk = new SimDisk(this.#random, this.#scheduler)
  }

  trace(): string {
    return this.#disk.trace()
  }

  async run(): Promise<void> {
    await this.#open()
    for (let step = 0; step < stepsPerLife; step++) {
      await this.#act()
      this.#check()
    }
    await this.#end()
  }

  async #act(): Promise<void> {
    const roll = this.#random.int(100)
    if (this.#failed || this.#disk.stopped) return this.#crash()
    if (roll < 45) return this.#append()
    if (roll < 62) return this.#pass(this.#random.int(12))
    if (roll < 67) return this.#flush()
    if (roll < 80) return this.#read()
    if (roll < 84) return this.#trim()
    if (roll < 88) return this.#scheduler.advance(this.#random.int(3) * 30_000)
    if (roll < 91) return this.#breakSomething()
    if (roll < 93) return this.#fillDisk()
    if (roll < 96) return this.#reopen()
    if (roll < 97) return this.#seal()
    return this.#crash()
  }

  #open(replayFrom?: number): Promise<void> {
    return this.#survive(() => this.#openOnce(replayFrom))
  }

  /** Does what a start does; where the machine stops in the middle of it, as often as it takes. */
  async #survive(action: () => Promise<unknown>): Promise<void> {
    if (this.#random.int(4) === 0) this.#disk.stopAfter(1 + this.#random.int(40))
    for (;;) {
      try {
        await action()
        return
      } catch (error) {
        if (!this.#disk.stopped) throw error
      }
      this.#die()
      this.#disk.restart(this.#random.int(2) === 0 ? 'kill' : 'power')
    }
  }

  async #openOnce(replayFrom = this.#replayFrom()): Promise<void> {
    const seen: ModelEntry[] = []
    const generation = {}
    this.#generation = generation
    const opening = openDiskWal({
      directory,
      disk: this.#disk,
      clock: this.#scheduler,
      random: this.#random,
      logger: silentLogger,
      registry: createRegistry(),
      limits,
      replayFrom,
      defer: this.#scheduler.defer,
      onReplay: (lsn, stream, kind, payload) => {
        if (kind === lostEntry) this.#lossesTold++
        else seen.push({ lsn, stream, kind, payload: Buffer.from(payload) })
      },
      events: {
        onDurable: lsn => this.#generation === generation && this.#acknowledge(lsn),
        onFailed: () => {
          if (this.#generation !== generation) return
          assert.ok(this.#isFaulty || this.#disk.stopped, 'the log fails only where the disk does')
          this.#failed = true
        },
      },
    })
    this.#wal = await this.#settleUnlessStopped(opening)
    this.#failed = false
    this.#matchRecovered(seen, replayFrom)
  }

  #generation: object = {}
  #lossesTold = 0

  #acknowledge(lsn: number): void {
    assert.ok(lsn >= this.#durableLsn, 'what is durable only grows')
    assert.ok(lsn <= this.#wal.endLsn, 'nothing is durable that was not appended')
    this.#durableLsn = lsn
  }

  /** The start, or any entry that was acknowledged. */
  #replayFrom(): number {
    const acknowledged = this.#entries.filter(entry => entry.lsn < this.#durableLsn && entry.lsn >= this.#trimmedLsn)
    if (acknowledged.length === 0 || this.#random.int(2) === 0) return 0
    return acknowledged[this.#random.int(acknowledged.length)]!.lsn
  }

  #matchRecovered(seen: readonly ModelEntry[], replayFrom: number): void {
    const { startLsn, endLsn, durableLsn } = this.#wal
    assert.equal(durableLsn, endLsn, 'an opened log is durable to its end')
    assert.ok(endLsn >= this.#durableLsn, `acknowledged up to ${this.#durableLsn}, recovered up to ${endLsn}`)
    assert.ok(endLsn <= this.#endLsn, `appended up to ${this.#endLsn}, recovered up to ${endLsn}`)
    assert.ok(startLsn <= this.#trimmedLsn, `trimmed below ${this.#trimmedLsn}, starts at ${startLsn}`)
    const from = Math.max(replayFrom, startLsn)
    this.#entries = this.#entries.filter(entry => entry.lsn < endLsn)
    assert.deepEqual(
      seen,
      this.#entries.filter(entry => entry.lsn >= from),
      'replay gives what was appended',
    )
    assert.equal(this.#wal.refusal !== undefined, this.#sealed && this.#sealLsn < endLsn, 'a sealed log stays sealed')
    this.#sealed = this.#wal.refusal !== undefined
    this.#startLsn = startLsn
    this.#durableLsn = this.#endLsn = endLsn
  }

  #sealLsn = 0

  #append(): void {
    for (let count = 1 + this.#random.int(6); count > 0; count--) {
      const stream = this.#random.int(4)
      const kind = 16 + this.#random.int(3)
      const payload = Buffer.from(this.#random.bytes(this.#payloadBytes()))
      const endLsn = this.#wal.endLsn
      try {
        const lsn = this.#wal.append(stream, kind, payload, crc32c(payload))
        assert.equal(lsn, endLsn)
        this.#entries.push({ lsn, stream, kind, payload })
      } catch (error) {
        if (!walErrors.is(error)) throw error
        assert.equal(this.#wal.endLsn, endLsn, 'a refused append takes nothing')
      }
    }
  }

  #payloadBytes(): number {
    const roll = this.#random.int(20)
    if (roll === 0) return 0
    // The same again and again: an entry may then end exactly where an older one, that was cut off, began.
    if (roll > 13) return 200
    if (roll === 1) return this.#random.int(limits.payloadBytesMax)
    return this.#random.int(roll < 8 ? 300 : 4000)
  }

  async #pass(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) await this.#scheduler.step()
  }

  /** Never awaits what a stopped machine cannot give. */
  async #flush(): Promise<void> {
    const flushed = this.#wal.flushed().then(
      () => true,
      () => false,
    )
    for (let steps = 0; steps < 200; steps++) {
      if (this.#disk.stopped || this.#failed || this.#wal.durableLsn === this.#wal.endLsn) break
      await this.#scheduler.step()
    }
    if (this.#wal.durableLsn === this.#wal.endLsn) assert.equal(await flushed, true)
    else if (!this.#disk.stopped) assert.equal(await flushed, false)
  }

  async #read(): Promise<void> {
    const readable = this.#entries.filter(entry => entry.lsn >= this.#wal.startLsn && entry.lsn < this.#wal.durableLsn)
    if (readable.length === 0) return
    const first = this.#random.int(readable.length)
    const wanted = readable.slice(first, first + 1 + this.#random.int(20))
    const bytesMax = 1 + this.#random.int(20_000)
    if (this.#random.int(3) === 0) return this.#hold(wanted[0]!.lsn, bytesMax)
    const generation = this.#generation
    const reading = readFrom(this.#wal, wanted[0]!.lsn, wanted.length, bytesMax).then(
      entries => assert.deepEqual(entries, wanted, 'reads give what was appended'),
      error => {
        // Overtaken by a trim or a close, or the disk was told to fail.
        if (walErrors.is(error) && ['wal.trimmed', 'wal.closed'].includes(error.code)) return
        if (generation !== this.#generation || this.#disk.stopped || this.#isFaulty) return
        throw error
      },
    )
    // Some are still under way when the next thing happens.
    if (this.#random.int(2) === 0) this.#background(reading)
    else await this.#settleUnlessStopped(reading).catch(this.#unlessStopped)
  }

  readonly #unlessStopped = (error: unknown): void => {
    if (!this.#disk.stopped) throw error
  }

  #background(promise: Promise<void>): void {
    promise.catch(error => {
      this.#backgroundError ??= error
    })
  }

  #backgroundError: unknown

  /** Keeps a slice for a while, as a slow consumer does: its bytes must not change under it (W8). */
  async #hold(lsn: number, bytesMax: number): Promise<void> {
    const reading = Promise.resolve().then(() => this.#wal.read(lsn, bytesMax))
    try {
      const slice = await this.#settleUnlessStopped(reading)
      const bytes = slice.bytes.subarray(slice.start, slice.end)
      this.#held.push({ bytes, copy: Buffer.from(bytes), release: () => slice.release() })
    } catch (error) {
      if (!this.#disk.stopped && !this.#isFaulty) throw error
    }
    if (this.#held.length > 3) this.#releaseOldest()
  }

  #releaseOldest(): void {
    const held = this.#held.shift()!
    assert.ok(held.bytes.equals(held.copy), 'a slice stays as it is until it is released')
    held.release()
  }

  readonly #held: { bytes: Buffer; copy: Buffer; release(): void }[] = []

  #isFaulty = false

  async #settleUnlessStopped<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const note = () => {
      settled = true
    }
    promise.then(note, note)
    await this.#pass(0)
    for (let steps = 0; steps < 1000; steps++) {
      await new Promise(resolve => setImmediate(resolve))
      if (settled) return promise
      if (this.#disk.stopped) throw new Error('stopped')
      await this.#scheduler.step()
    }
    throw new Error('not settled in 1000 steps')
  }

  async #trim(): Promise<void> {
    const { startLsn, durableLsn } = this.#wal
    const lsn = startLsn + this.#random.int(durableLsn - startLsn + 1)
    this.#trimmedLsn = Math.max(this.#trimmedLsn, lsn)
    const trimmed = this.#wal.trim(lsn)
    // Often it is still under way when the next thing happens.
    trimmed.catch(() => {})
    await this.#pass(this.#random.int(8))
  }

  #breakSomething(): void {
    if (this.#random.int(2) === 0) {
      this.#disk.stopAfter(1 + this.#random.int(12))
      return
    }
    const after = this.#disk.operations + this.#random.int(6)
    const operations = ['write', 'datasync', 'read', 'syncDirectory', 'rename', 'open', 'truncate', 'remove']
    const victim = operations[this.#random.int(operations.length)]
    this.#isFaulty = true
    this.#disk.fault = (operation, _path, index) => (index >= after && operation === victim ? 'EIO' : undefined)
  }

  async #fillDisk(): Promise<void> {
    this.#isFaulty = true
    this.#disk.capacityBytes = this.#disk.usedBytes() + this.#random.int(2 * limits.freeBytesMin)
    await this.#scheduler.advance(this.#random.int(3_000))
    this.#append()
    await this.#pass(this.#random.int(20))
    this.#disk.capacityBytes = Number.POSITIVE_INFINITY
    if (this.#random.int(2) === 0) await this.#scheduler.advance(2_000)
  }

  async #reopen(): Promise<void> {
    await this.#settleUnlessStopped(this.#wal.close()).catch(error => {
      if (!this.#disk.stopped && !this.#isFaulty) throw error
    })
    this.#endLsn = this.#wal.endLsn
    if (this.#disk.stopped) return this.#crash()
    this.#heal()
    if (this.#random.int(2) === 0) this.#disk.restart('power')
    await this.#open()
  }

  async #seal(): Promise<void> {
    if (this.#sealed || this.#wal.refusal || this.#random.int(4) > 0) return
    this.#sealLsn = this.#wal.endLsn
    this.#sealed = true
    const sealed = this.#wal.seal()
    sealed.catch(() => {})
    assert.throws(() => this.#wal.append(1, 16, Buffer.alloc(0), 0), { code: 'wal.sealed' })
    await this.#pass(this.#random.int(4))
  }

  #heal(): void {
    this.#disk.fault = () => undefined
    this.#isFaulty = false
  }

  /** The process is gone: what it had under way never happens, what it still says counts no more. */
  #die(): void {
    this.#scheduler.clear()
    this.#generation = {}
  }

  async #crash(): Promise<void> {
    this.#endLsn = this.#wal.endLsn
    const how = this.#random.int(2) === 0 ? 'kill' : 'power'
    this.#die()
    this.#disk.restart(how)
    this.#heal()
    await this.#open()
  }

  #check(): void {
    if (this.#backgroundError) throw this.#backgroundError
    this.#endLsn = this.#wal.endLsn
    assert.ok(this.#wal.durableLsn <= this.#wal.endLsn)
    assert.ok(this.#wal.durableLsn >= this.#durableLsn)
    assert.ok(this.#wal.startLsn >= this.#startLsn)
    assert.ok(this.#wal.endLsn - this.#wal.durableLsn <= limits.unsyncedBytesMax + limits.payloadBytesMax + 128)
  }

  /** Ends with a crash; in some lives the disk has decayed meanwhile, or had been lying all along. */
  async #end(): Promise<void> {
    await this.#crash()
    // From here on the machine stands.
    this.#disk.stopAfter(Number.POSITIVE_INFINITY)
    const roll = this.#random.int(3)
    if (roll === 0 && !this.#sealed) await this.#lyingDisk()
    else if (roll === 1) await this.#decay()
  }

  /** A disk that loses what it had confirmed: the log may be refused, but never differs from what was appended. */
  async #lyingDisk(): Promise<void> {
    this.#disk.losesSyncs = true
    for (let round = 0; round < 10; round++) {
      this.#append()
      await this.#flush()
    }
    this.#endLsn = this.#wal.endLsn
    this.#die()
    this.#disk.restart('power')
    this.#disk.losesSyncs = false
    // What such a disk confirmed counts for nothing.
    this.#durableLsn = 0
    await this.#openOrRefused()
  }

  /** A bit flips in what was synced. Where anything later proves that, the log is refused; repaired, it lacks only that. */
  async #decay(): Promise<void> {
    for (let round = 0; round < 5 && !this.#sealed; round++) {
      this.#append()
      await this.#flush()
    }
    const victims = this.#entries.filter(entry => entry.lsn >= this.#wal.startLsn && entry.lsn < this.#durableLsn)
    const victim = victims[this.#random.int(Math.max(1, victims.length))]
    this.#endLsn = this.#wal.endLsn
    const proven = this.#sealed ? 0 : await this.#closeInOrder()
    this.#die()
    this.#disk.restart('kill')
    if (!victim) return
    this.#flipBit(victim)
    this.#trimmedLsn = Math.max(this.#trimmedLsn, 0)
    const refused = await this.#openOrRefused(0)
    if (victim.lsn < proven) assert.ok(refused, 'damage in what had been durable is refused')
    if (!refused) return
    this.#disk.restart('kill')
    await this.#survive(() => this.#settleUnlessStopped(repairWal(directory, this.#disk)))
    this.#entries = this.#entries.filter(entry => entry !== victim)
    assert.equal(this.#lossesTold, 0, 'nothing is told as lost before a repair')
    await this.#open(0)
    assert.ok(this.#lossesTold > 0, 'W11: replay tells of the loss')
  }

  async #closeInOrder(): Promise<number> {
    const closed = this.#wal.endLsn
    await this.#scheduler.settle(this.#wal.close())
    this.#endLsn = this.#wal.endLsn
    return this.#wal.durableLsn === this.#wal.endLsn ? closed : 0
  }

  #flipBit(victim: ModelEntry): void {
    const paths = this.#disk.paths().filter(path => path.endsWith('.wal'))
    const firstLsn = (path: string): number => Number(path.slice(-20, -4))
    const path = paths.filter(candidate => firstLsn(candidate) <= victim.lsn).at(-1)!
    const at = 4096 + victim.lsn - firstLsn(path) + this.#random.int(32 + victim.payload.length)
    this.#disk.corrupt(path, bytes => {
      bytes[at]! ^= 1 << this.#random.int(8)
      return bytes
    })
  }

  /** True when the open was refused as damaged; otherwise what was recovered has been checked. */
  async #openOrRefused(durableLsn = this.#durableLsn): Promise<boolean> {
    const acknowledged = this.#durableLsn
    this.#durableLsn = durableLsn
    try {
      await this.#open()
      return false
    } catch (error) {
      if (!walErrors.is(error)) throw error
      assert.ok(['wal.damaged', 'wal.file-missing', 'wal.foreign-file'].includes(error.code), error.message)
      this.#durableLsn = acknowledged
      return true
    }
  }
}

/**
 * A seeded life of a broker's log on a disk that fails: produces with and without ids, repeats, gaps in sequences, topics made and
 * deleted, offsets committed, retention, snapshots, reads; crashes in the middle of any operation, failing syncs, a
 * newest snapshot that has rotted. After each recovery the log must be what some prefix of the history amounts to, and that prefix holds
 * all that was acknowledged.
 */
import assert from 'node:assert/strict'
import { crc32c, seededRandom } from '@chronicle/base'
import { type Appended, batchBytes, type Log, logErrors, type Marker, openLog, type Partition } from '@chronicle/log'
import { createRegistry, Health, silentLogger } from '@chronicle/telemetry'
import { openDiskWal, type WalLimits, walProfiles } from '@chronicle/wal'
import { LogModel, type ModelBatch, type ModelOperation, transactionsOf } from './log-model.ts'
import { SimDisk } from './sim-disk.ts'
import { SimScheduler } from './sim-scheduler.ts'

const directory = '/data'
const stepsPerLife = 80
const stepsMax = 3000
const topicNames = ['a', 'b', 'c']
const groupNames = ['g', 'h']
const retentionBytes = 3000
const markerBytes = 78
/** Producers with this id and above send transactions. */
const firstTransactionalId = 10

/** Small everywhere, so that a short life rotates, thins, trims and reads from files. */
const limits: WalLimits = {
  ...walProfiles.low,
  fileBytesMax: 64 * 1024,
  payloadBytesMax: 40 * 1024,
  chunkBytes: 8 * 1024,
  tailBytesMax: 64 * 1024,
  unsyncedBytesReadyMax: 16 * 1024,
  unsyncedBytesMax: 32 * 1024,
  freeBytesMin: 0,
  prewriteBytes: 4 * 1024,
  sliceBytesMax: 8 * 1024,
  slicesPooledMax: 2,
  warmBytesMax: 64 * 1024,
  openFilesMax: 2,
}

const settings = {
  retentionCheckMs: 60_000,
  snapshotGrowthBytes: 24 * 1024,
  snapshotAgeMsMax: 120_000,
  indexBytesMax: 1024,
  producerExpirationMs: 86_400_000,
}

/** Runs the life that `seed` decides. Rejects with what went wrong and the disk's last operations. */
export async function simulateLog(seed: number): Promise<void> {
  const life = new Life(seed)
  try {
    await life.run()
  } catch (error) {
    throw new Error(`log simulation failed with seed ${seed}\n${life.trace()}`, { cause: error })
  }
}

type Target = { name: string; partition: Partition; batches: ModelBatch[] }

/** What the transaction coordinator will use. */
type MarkerTaker = { appendControl(marker: Marker): Appended }

class Life {
  readonly #random
  readonly #scheduler
  readonly #disk
  /** What the history amounts to, everything in flight included. */
  #model = new LogModel()
  #history: ModelOperation[] = []
  #log!: Log
  #clusterId: string | undefined
  #producerIds = new Set<number>()
  #topicCommand: Promise<unknown> | undefined
  #isFaulty = false
  /** What went wrong where nobody waited. */
  #broken: unknown

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
      await turn()
      if (this.#broken) throw this.#broken
    }
    await this.#crash(false)
    await this.#verifyAll()
  }

  async #act(): Promise<void> {
    const roll = this.#random.int(100)
    if (this.#disk.stopped || this.#isFaulty) return this.#random.int(3) === 0 ? this.#crash() : this.#pass(2)
    if (roll < 40) return this.#produce()
    if (roll < 58) return this.#pass(this.#random.int(12))
    if (roll < 66) return this.#changeTopics()
    if (roll < 72) return this.#changeGroups()
    if (roll < 76) return this.#allocate()
    if (roll < 79) return this.#deleteRecords()
    if (roll < 88) return this.#read()
    if (roll < 91) return this.#scheduler.advance(60_000)
    if (roll < 94) return this.#breakSomething()
    if (roll < 97) return this.#reopen()
    return this.#crash()
  }

  #partitions(): Target[] {
    return [...this.#model.topics].flatMap(([name, { id, partitions }]) => {
      const topic = this.#log.topic(name)
      if (topic?.id !== id) return []
      return topic.partitions.map((partition, n) => ({ name, partition, batches: partitions[n]! }))
    })
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : items[this.#random.int(items.length)]
  }

  /** Takes note of an operation that the log has appended; `done` is what acknowledges it. */
  #record(name: string, done: Promise<unknown>, apply: (model: LogModel) => void): ModelOperation {
    const operation: ModelOperation = { name, acknowledged: false, apply }
    this.#history.push(operation)
    apply(this.#model)
    done.then(
      () => {
        operation.acknowledged = true
      },
      error => {
        if (!logErrors.is(error)) this.#broken ??= error
        else if (error.details.reason === 'wal.full') this.#refused(operation)
      },
    )
    return operation
  }

  /** Too much was waiting: the operation was never appended. */
  #refused(operation: ModelOperation): void {
    this.#history = this.#history.filter(other => other !== operation)
    this.#model = this.#fold(this.#history.length)
  }

  #produce(): void {
    for (let count = 1 + this.#random.int(5); count > 0; count--) {
      const target = this.#pick(this.#partitions())
      if (!target) return
      if (this.#random.int(5) === 0) {
        this.#transact(target)
        continue
      }
      const producerId = this.#random.int(3) === 0 ? -1 : this.#random.int(3)
      if (producerId >= 0 && this.#random.int(4) === 0) this.#repeatOrSkip(target.partition, target.batches, producerId)
      else this.#append(target, producerId, 1 + this.#random.int(3))
    }
  }

  #append(target: Target, producerId: number, records: number): void {
    const { name, partition, batches } = target
    const sequence = producerId < 0 ? -1 : nextSequence(batches, producerId)
    const batch = this.#batch(records, producerId, sequence)
    const end = partition.logEndOffset
    try {
      const appended = partition.append(batch)
      assert.equal(appended.duplicate, false, 'a new batch is no repetition')
      const rest = Buffer.from(batch.subarray(16))
      const transactional = producerId >= firstTransactionalId
      this.#took(name, partition.index, end, appended, { records, rest, producerId, sequence, transactional })
    } catch (error) {
      if (!logErrors.is(error) || error.code !== 'log.storage') throw error
      assert.equal(partition.logEndOffset, end, 'a refused append takes nothing')
    }
  }

  #took(name: string, index: number, end: number, appended: Appended, batch: Omit<ModelBatch, 'baseOffset'>): void {
    const { baseOffset, durable } = appended
    assert.equal(baseOffset, end, 'offsets have no gaps')
    this.#record(`produce ${name}-${index}@${baseOffset}`, durable, model =>
      model.topics.get(name)?.partitions[index]?.push({ ...batch, baseOffset }),
    )
  }

  /** Goes on with a transaction, or ends it. */
  #transact(target: Target): void {
    const { name, batches } = target
    const partition = target.partition as Partition & MarkerTaker
    const producerId = firstTransactionalId + this.#random.int(2)
    const isOpen = transactionsOf(batches).some(t => t.producerId === producerId && t.lastOffset < 0)
    if (!isOpen || this.#random.int(3) > 0) {
      this.#append(target, producerId, 1 + this.#random.int(3))
      return
    }
    const type = this.#random.int(2) === 0 ? 'commit' : 'abort'
    const end = partition.logEndOffset
    const marker = {
      producerId,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      type,
      timestamp: this.#scheduler.now(),
    } as const
    try {
      const appended = partition.appendControl(marker)
      const model = {
        records: 1,
        rest: undefined,
        producerId,
        sequence: -1,
        transactional: true,
        marker: type,
      } as const
      this.#took(name, partition.index, end, appended, model)
    } catch (error) {
      if (!logErrors.is(error) || error.code !== 'log.storage') throw error
    }
  }

  /** A batch sent again is answered with its first offset; one after a gap is refused. */
  #repeatOrSkip(partition: Partition, batches: ModelBatch[], producerId: number): void {
    const own = batches.filter(batch => batch.producerId === producerId)
    const again = this.#pick(own.slice(-5))
    if (!again) return
    const end = partition.logEndOffset
    if (this.#random.int(2) === 0) {
      const { baseOffset, duplicate, durable } = partition.append(
        this.#batch(again.records, producerId, again.sequence),
      )
      assert.deepEqual(
        [baseOffset, duplicate],
        [again.baseOffset, true],
        'L4: a repetition is answered with the first offset',
      )
      const reach = again.baseOffset + again.records
      durable.then(
        () => {
          if (partition.highWatermark < reach)
            this.#broken = new Error('L4: a repetition was acknowledged before the first')
        },
        () => undefined,
      )
    } else {
      const gap = nextSequence(batches, producerId) + 1 + this.#random.int(3)
      assert.throws(() => partition.append(this.#batch(1, producerId, gap)), { code: 'log.out-of-order-sequence' })
    }
    assert.equal(partition.logEndOffset, end, 'nothing was written')
  }

  #batch(records: number, producerId: number, sequence: number): Buffer {
    const value = Buffer.from(this.#random.bytes(this.#random.int(10) === 0 ? 4000 : this.#random.int(60)))
    return makeBatch(records, value, producerId, sequence, this.#scheduler.now())
  }

  #changeTopics(): void {
    // One at a time: while one waits its turn its place in the order of the log is not known yet.
    if (this.#topicCommand) return
    const name = this.#pick(topicNames)!
    const topic = this.#model.topics.get(name)
    const command = topic ? this.#changeTopic(name, topic.partitions.length) : this.#createTopic(name)
    this.#topicCommand = command.finally(() => {
      this.#topicCommand = undefined
    })
    this.#topicCommand.catch(() => undefined)
  }

  #createTopic(name: string): Promise<unknown> {
    const configs: Record<string, string> = this.#random.int(3) === 0 ? { 'retention.bytes': `${retentionBytes}` } : {}
    const created = this.#log.createTopic({ name, partitions: 1 + this.#random.int(2), configs })
    const batches: ModelBatch[][] = []
    // Its id and its number of partitions are the log's to tell; until then nobody can use it.
    const operation: ModelOperation = {
      name: `create ${name}`,
      acknowledged: false,
      apply: model => {
        const topic = this.#created.get(operation)
        if (topic)
          model.topics.set(name, {
            id: topic.id,
            configs,
            partitions: Array.from({ length: topic.partitions }, () => []),
          })
        else model.topics.set(name, { id: '?', configs, partitions: batches })
      },
    }
    this.#history.push(operation)
    return created.then(
      topic => {
        operation.acknowledged = true
        this.#created.set(operation, { id: topic.id, partitions: topic.partitions.length })
        operation.apply(this.#model)
      },
      error => {
        if (logErrors.is(error) && error.details.reason === 'wal.full') this.#refused(operation)
      },
    )
  }

  readonly #deletions = new Map<ModelOperation, { topicId: string; index: number; offset: number }>()
  readonly #created = new Map<ModelOperation, { id: string; partitions: number }>()

  #changeTopic(name: string, partitions: number): Promise<unknown> {
    const roll = this.#random.int(4)
    let done: Promise<unknown>
    if (roll === 0) {
      done = this.#log.deleteTopic(name)
      // Batches appended until the deletion is durable may be lost with the topic: stop using it at once.
      this.#record(`delete ${name}`, done, model => {
        model.topics.delete(name)
        for (const key of model.offsets.keys()) if (key.split('/')[1] === name) model.offsets.delete(key)
      })
    } else if (roll === 1 && partitions < 4) {
      done = this.#log.createPartitions(name, partitions + 1)
      this.#record(`partitions ${name}`, done, model => model.topics.get(name)?.partitions.push([]))
    } else {
      const configs: Record<string, string> = roll === 2 ? {} : { 'retention.bytes': `${retentionBytes}` }
      done = this.#log.setTopicConfigs(name, configs)
      this.#record(`configs ${name}`, done, model => {
        const topic = model.topics.get(name)
        if (topic) topic.configs = configs
      })
    }
    return done
  }

  #changeGroups(): void {
    const groupId = this.#pick(groupNames)!
    const topic = this.#pick([...this.#model.topics.keys()])
    const roll = this.#random.int(5)
    if (roll < 3 && topic) {
      const offset = this.#random.int(1000)
      const committed = {
        topic,
        partition: 0,
        offset,
        leaderEpoch: 0,
        metadata: '',
        commitTimestamp: this.#scheduler.now(),
      }
      const done = this.#log.commitOffsets(groupId, [committed])
      this.#record(`commit ${groupId}`, done, model => model.offsets.set(`${groupId}/${topic}/0`, offset))
    } else if (roll === 3) {
      const state = { generation: this.#random.int(1000) }
      const done = this.#log.storeGroup({ groupId, state })
      this.#record(`store ${groupId}`, done, model => model.groups.set(groupId, JSON.stringify(state)))
    } else if (roll === 4) {
      this.#record(`forget ${groupId}`, this.#log.deleteGroup(groupId), model => {
        model.groups.delete(groupId)
        for (const key of model.offsets.keys()) if (key.startsWith(`${groupId}/`)) model.offsets.delete(key)
      })
    }
  }

  #allocate(): void {
    this.#log.allocateProducerId().then(
      id => {
        if (this.#producerIds.has(id)) this.#broken = new Error(`L12: producer id ${id} was given twice`)
        this.#producerIds.add(id)
      },
      () => undefined,
    )
  }

  #deleteRecords(): void {
    const target = this.#pick(this.#partitions())
    if (!target) return
    const { name, partition } = target
    const offset = partition.logStartOffset + this.#random.int(partition.highWatermark - partition.logStartOffset + 1)
    const { index, topicId } = partition
    const key = `${topicId}/${index}`
    const done = this.#log.deleteRecords(name, index, offset)
    // Nothing to delete is answered at once and is no entry of the log.
    if (offset === partition.logStartOffset) return
    const operation = this.#record(`delete records ${name}-${index}`, done, model =>
      model.deleted.set(key, Math.max(offset, model.deleted.get(key) ?? 0)),
    )
    this.#deletions.set(operation, { topicId, index, offset })
  }

  async #read(): Promise<void> {
    const target = this.#pick(this.#partitions())
    if (!target || target.partition.highWatermark === target.partition.logStartOffset) return
    const { partition, batches } = target
    const offset = partition.logStartOffset + this.#random.int(partition.highWatermark - partition.logStartOffset)
    await this.#settle(verifyRead(partition, batches, offset, 1 + this.#random.int(20_000))).catch(error => {
      // Retention may overtake a read, a topic may go meanwhile; a disk that was told to fail does.
      const expected = logErrors.is(error) && ['log.offset-out-of-range', 'log.unknown-topic'].includes(error.code)
      if (!expected && !this.#disk.stopped && !this.#isFaulty) throw error
    })
  }

  async #verifyAll(): Promise<void> {
    for (const { partition, batches } of this.#partitions()) {
      await this.#settle(verifyTransactions(partition, batches))
      for (let offset = partition.logStartOffset; offset < partition.highWatermark; ) {
        offset = await this.#settle(verifyRead(partition, batches, offset, 10_000))
      }
    }
  }

  #breakSomething(): void {
    this.#isFaulty = true
    if (this.#random.int(2) === 0) {
      this.#disk.stopAfter(1 + this.#random.int(20))
      return
    }
    const after = this.#disk.operations + this.#random.int(6)
    const operations = ['write', 'datasync', 'read', 'syncDirectory', 'rename', 'open', 'remove']
    const victim = operations[this.#random.int(operations.length)]
    this.#disk.fault = (operation, _path, index) => (index >= after && operation === victim ? 'EIO' : undefined)
  }

  async #pass(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) await this.#scheduler.step()
  }

  async #reopen(): Promise<void> {
    await this.#settle(this.#log.close()).catch(error => {
      if (!this.#disk.stopped && !this.#isFaulty) throw error
    })
    await this.#crash()
  }

  async #crash(mayStopAgain = true): Promise<void> {
    this.#scheduler.clear()
    this.#topicCommand = undefined
    this.#disk.restart(this.#random.int(2) === 0 ? 'kill' : 'power')
    this.#isFaulty = false
    if (this.#random.int(6) === 0) this.#rotNewestSnapshot()
    await this.#open(mayStopAgain)
  }

  #rotNewestSnapshot(): void {
    const newest = this.#disk
      .paths()
      .filter(path => path.endsWith('.snapshot'))
      .at(-1)
    if (!newest) return
    this.#disk.corrupt(newest, bytes => {
      const at = this.#random.int(bytes.length)
      bytes[at]! ^= 0x40
      return bytes
    })
  }

  async #open(mayStop = true): Promise<void> {
    if (mayStop && this.#random.int(4) === 0) this.#disk.stopAfter(1 + this.#random.int(60))
    for (;;) {
      try {
        this.#log = await this.#settle(this.#openOnce())
        break
      } catch (error) {
        if (!this.#disk.stopped) throw error
      }
      this.#scheduler.clear()
      this.#disk.restart(this.#random.int(2) === 0 ? 'kill' : 'power')
    }
    this.#clusterId ??= this.#log.clusterId
    assert.equal(this.#log.clusterId, this.#clusterId, 'the cluster id is kept')
    this.#matchRecovered()
  }

  #openOnce(): Promise<Log> {
    const shared = { disk: this.#disk, clock: this.#scheduler, random: this.#random, logger: silentLogger }
    const registry = createRegistry()
    return openLog({
      ...shared,
      directory,
      registry,
      health: new Health(),
      settings,
      openWal: args =>
        openDiskWal({
          ...shared,
          registry,
          directory: `${directory}/wal`,
          limits,
          defer: this.#scheduler.defer,
          ...args,
        }),
    })
  }

  /** Finds the prefix of the history that has survived, and forgets the rest. */
  #matchRecovered(): void {
    const recovered = this.#fingerprint()
    const acknowledged = this.#history.findLastIndex(operation => operation.acknowledged) + 1
    for (let length = this.#history.length; length >= acknowledged; length--) {
      const model = this.#fold(length)
      if (model.fingerprint() !== recovered) continue
      this.#history.length = length
      this.#history = this.#history.filter(operation => operation.acknowledged || this.#tookEffect(operation))
      this.#model = this.#fold(this.#history.length)
      for (const operation of this.#history) operation.acknowledged = true
      this.#checkStarts()
      return
    }
    const tail = this.#history.slice(acknowledged).map(operation => operation.name)
    assert.fail(
      `no prefix of the history that holds all that was acknowledged gives what was recovered\nrecovered ${recovered}\n` +
        `acknowledged ${this.#fold(acknowledged).fingerprint()}\nin flight ${tail.join(', ')}`,
    )
  }

  /** The fingerprint does not show deletions of records: one in flight has survived if the partition begins late enough. */
  #tookEffect(operation: ModelOperation): boolean {
    const deletion = this.#deletions.get(operation)
    const partition = deletion && this.#log.topicById(deletion.topicId)?.partitions[deletion.index]
    return !partition || partition.logStartOffset >= deletion.offset
  }

  #fold(length: number): LogModel {
    const model = new LogModel()
    for (const operation of this.#history.slice(0, length)) {
      operation.apply(model)
      // A creation that nobody heard of: take the id from what was recovered.
      for (const [name, topic] of model.topics) {
        const found = this.#log.topic(name)
        if (topic.id !== '?' || !found || this.#history.some(other => this.#created.get(other)?.id === found.id))
          continue
        this.#created.set(operation, { id: found.id, partitions: found.partitions.length })
        operation.apply(model)
      }
    }
    return model
  }

  #fingerprint(): string {
    const topics = [...this.#log.topics()].map(({ name, id, configs, partitions }) => {
      for (const partition of partitions) assert.equal(partition.highWatermark, partition.logEndOffset)
      return [name, id, configs, partitions.map(partition => partition.logEndOffset)]
    })
    const offsets = [...this.#log.groupIds()].flatMap(groupId =>
      [...this.#log.committedOffsets(groupId)].flatMap(([topic, partitions]) =>
        [...partitions].map(([partition, { offset }]) => [`${groupId}/${topic}/${partition}`, offset]),
      ),
    )
    const groups = [...this.#log.groups()].map(({ groupId, state }) => [groupId, JSON.stringify(state)])
    return JSON.stringify([topics.sort(), offsets.sort(), groups.sort()])
  }

  /** Nothing has been removed but what was asked to be, and what retention may remove. */
  #checkStarts(): void {
    for (const { partition, batches } of this.#partitions()) {
      const deleted = this.#model.deleted.get(`${partition.topicId}/${partition.index}`) ?? 0
      assert.ok(partition.logStartOffset >= deleted, 'what was deleted stays deleted')
      if (partition.logStartOffset === deleted) continue
      const left = batches.filter(batch => batch.baseOffset >= partition.logStartOffset)
      const bytes = left.reduce((sum, { rest }) => sum + (rest?.length ?? markerBytes - 16) + 16, 0)
      assert.ok(bytes >= retentionBytes, `L11: ${bytes} bytes are left where retention keeps ${retentionBytes}`)
    }
  }

  async #settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const note = (): void => {
      settled = true
    }
    promise.then(note, note)
    for (let steps = 0; steps < stepsMax; steps++) {
      await turn()
      if (settled) return promise
      if (this.#disk.stopped) throw new Error('stopped')
      await this.#scheduler.step()
    }
    throw new Error(`not settled in ${stepsMax} steps`)
  }
}

/** Reads once at `offset` and compares with the model; resolves with the offset after what was read. */
async function verifyRead(
  partition: Partition,
  batches: readonly ModelBatch[],
  offset: number,
  bytesMax: number,
): Promise<number> {
  const limit = partition.highWatermark
  const records = await partition.read(offset, bytesMax, 'read_uncommitted', true)
  let next = batches.findIndex(batch => batch.baseOffset + batch.records > offset)
  let end = offset
  for (const piece of records.pieces) {
    const bytes = Buffer.from(piece)
    for (let at = 0; at < bytes.length; at += batchBytes(bytes, at)) {
      const expected = batches[next++]!
      assert.equal(Number(bytes.readBigInt64BE(at)), expected.baseOffset, 'reads go on without gaps')
      if (expected.rest) {
        assert.deepEqual(bytes.subarray(at + 16, at + batchBytes(bytes, at)), expected.rest, 'reads give what was sent')
      }
      end = expected.baseOffset + expected.records
    }
  }
  assert.ok(records.bytes > 0, 'below the high watermark there is something to read')
  assert.ok(end <= limit || end <= partition.highWatermark, 'L3: nothing is read that is not durable')
  records.release()
  return end
}

/** L6: what read_committed says of a partition of which everything is durable. */
async function verifyTransactions(partition: Partition, batches: readonly ModelBatch[]): Promise<void> {
  const transactions = transactionsOf(batches)
  const undecided = transactions.filter(t => t.lastOffset < 0).map(t => t.firstOffset)
  const stable = Math.min(partition.highWatermark, ...undecided)
  assert.equal(
    partition.lastStableOffset,
    stable,
    'L6: the last stable offset is where the oldest open transaction begins',
  )
  const from = partition.logStartOffset
  if (from >= stable) return
  const records = await partition.read(from, 1e6, 'read_committed', true)
  const aborted = transactions.filter(t => t.aborted && t.lastOffset >= from && t.firstOffset < stable)
  assert.deepEqual(
    records.abortedTransactions.map(({ producerId, firstOffset }) => [producerId, firstOffset]),
    aborted.map(({ producerId, firstOffset }) => [producerId, firstOffset]),
    'L6: the aborted transactions are listed, by first offset',
  )
  records.release()
}

function nextSequence(batches: readonly ModelBatch[], producerId: number): number {
  const last = batches.findLast(batch => batch.producerId === producerId && batch.marker === undefined)
  return last ? last.sequence + last.records : 0
}

/** A record batch of `records` records with the same value, as a client would send it. */
function makeBatch(records: number, value: Buffer, producerId: number, sequence: number, timestamp: number): Buffer {
  const encoded = Array.from({ length: records }, (_, n) => {
    const body = Buffer.concat([Buffer.from([0, 0]), zigzag(n), zigzag(-1), zigzag(value.length), value, zigzag(0)])
    return Buffer.concat([zigzag(body.length), body])
  })
  const header = Buffer.alloc(61)
  const batch = Buffer.concat([header, ...encoded])
  batch.writeInt32BE(batch.length - 12, 8)
  batch[16] = 2
  if (producerId >= firstTransactionalId) batch.writeInt16BE(0x10, 21)
  batch.writeInt32BE(records - 1, 23)
  batch.writeBigInt64BE(BigInt(timestamp), 27)
  batch.writeBigInt64BE(BigInt(timestamp), 35)
  batch.writeBigInt64BE(BigInt(producerId), 43)
  batch.writeInt16BE(producerId < 0 ? -1 : 0, 51)
  batch.writeInt32BE(sequence, 53)
  batch.writeInt32BE(records, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

function zigzag(value: number): Buffer {
  const bytes: number[] = []
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}

/** A turn of the real loop: all promises that can go on have gone on. */
function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

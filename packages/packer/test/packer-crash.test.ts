/**
 * Kills the real packer with SIGKILL at random moments, and the recorders that write into its ring, again and again over the same archive, while keys are
 * rotated and old files deleted. Then every record that a recorder was told is in the ring has to be in exactly one file or in the ring.
 *
 * `CRASH_SEED=4711 npm test -- packer-crash` repeats the choice of moments; `CRASH_KILLS=50` kills so often.
 */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { type Random, seededRandom } from '@chronicle/base'
import { createRing } from '../src/index.ts'
import { CrashedArchive } from './crash-archive.ts'
import {
  CrashPacker,
  CrashWriter,
  logOf,
  makeInstallation,
  ringBytes,
  rotateKeys,
  writerSource,
} from './crash-processes.ts'
import { idsOf, isExpired, numberOf, rowsOfRecord } from './crash-records.ts'
import { compile, compilers } from './ring-processes.ts'

const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000)
const kills = Number(process.env.CRASH_KILLS ?? 8)
const recordsOfWriter = 150
/** Until a process is killed: since its start, where that is what is hit, or since runs follow each other. */
const startMsMax = 800
const runsMsMax = 1000
/** A run makes and moves some 30 names. */
const movesMax = 80
const commitsMax = 3
const rotateEvery = 5

test(`PA2 PA3 PA4 PA6: SIGKILL ${kills} times: every record is in one verified file or in the ring`, async t => {
  const crash = new Crash(seededRandom(seed), compilers[0] && compile(t, compilers[0], writerSource))
  try {
    for (let round = 0; round < kills; round++) await crash.round(round)
    await crash.checkBeforeTheLastStart()
    await crash.checkAfterTheLastRun()
    t.diagnostic(`${kills} kills, ${await crash.summary()}, seed ${seed}`)
    rmSync(crash.installation.home, { recursive: true, force: true })
  } catch (error) {
    throw new Error(`CRASH_SEED=${seed} chooses the same moments; ${crash.installation.home} is kept`, { cause: error })
  } finally {
    await crash.end()
  }
})

class Crash {
  readonly installation = makeInstallation()
  readonly #archive = new CrashedArchive(this.installation.base, this.installation.keyFile)
  readonly #random: Random
  readonly #compiled: string | undefined
  #packer: CrashPacker | undefined
  #writer: CrashWriter | undefined
  #writers = 0
  #nextRecord = 0
  readonly #acknowledged = new Set<number>()
  /** Of writers that were killed, the record that they were at. */
  readonly #unsure = new Set<number>()

  constructor(random: Random, compiled: string | undefined) {
    this.#random = random
    this.#compiled = compiled
  }

  /** Packer and writer run; the packer is killed, in half of the rounds the writer as well. */
  async round(round: number): Promise<void> {
    const { inStart, packersMoment, writersMoment } = this.#choose()
    await createRing({ path: this.installation.ring, capacityBytes: ringBytes })
    this.#writer ??= this.#startWriter()
    const packer = new CrashPacker(this.installation)
    this.#packer = packer
    let runs: Promise<void> | undefined
    if (!inStart) {
      await packer.ready()
      await this.#archive.checkPlaces()
      runs = packer.processUntilKilled()
      runs.catch(() => undefined)
      if (round % rotateEvery === 1) await rotateKeys(this.installation)
    }
    await Promise.all([
      packersMoment(packer).then(() => packer.kill()),
      writersMoment?.().then(() => this.#writer!.kill()),
    ])
    await runs
    if (this.#writer.hasEnded) await this.#settleWriter()
    if (await this.#archive.manifest()) await this.#archive.checkWhole()
  }

  /** The moments of a round: most of a packer's time is spent where little can go wrong, so some are counted in what it does. */
  #choose() {
    const inStart = this.#random.int(3) === 0
    const [ms, moves, commits] = [inStart ? startMsMax : runsMsMax, movesMax, commitsMax].map(max =>
      this.#random.int(max),
    )
    const inTime = () => sleep(ms!)
    const inRuns = [
      inTime,
      (packer: CrashPacker) => Promise.race([packer.moved(1 + moves!), sleep(2 * runsMsMax)]),
      (packer: CrashPacker) => Promise.race([packer.committed(1 + commits!), sleep(2 * runsMsMax)]),
    ][this.#random.int(3)]!
    const writerMs = this.#random.int(runsMsMax)
    const writersMoment = this.#random.int(2) === 0 ? () => sleep(writerMs) : undefined
    return { inStart, packersMoment: inStart ? inTime : inRuns, writersMoment }
  }

  async checkBeforeTheLastStart(): Promise<void> {
    await this.#writer?.kill()
    await this.#settleWriter()
    this.#check([...(await this.#archive.archivedIds()), ...(await this.#archive.ringIds(this.installation.ring))])
  }

  async checkAfterTheLastRun(): Promise<void> {
    const packer = new CrashPacker(this.installation)
    this.#packer = packer
    await packer.ready()
    await this.#archive.checkPlaces()
    await packer.process()
    // What a run packs late stays for a while, unless somebody asks: the second call does, before its run.
    await packer.process()
    await packer.stop()
    await this.#archive.checkPlaces()
    assert.deepEqual(await this.#archive.ringIds(this.installation.ring), [])
    const found = await this.#archive.archivedIds()
    assert.deepEqual(found.filter(isOfExpired), [], 'what is past its retention is deleted')
    this.#check(found)
    await this.#checkSources()
    const { errors, runs } = logOf(this.installation)
    assert.deepEqual(errors, [])
    assert.deepEqual(
      runs.filter(({ duplicates }) => duplicates > 0),
      [],
      'nothing was read twice',
    )
  }

  async summary(): Promise<string> {
    const { runs, swept } = logOf(this.installation)
    const files = (await this.#archive.manifest())!.files.filter(({ kind }) => kind === 'parquet')
    const days = new Set(
      files.map(({ path, source }) => `${path.slice(0, 'parquet/YYYY/MM/DD'.length)} ${source.from}`),
    )
    return [
      `${this.#writers} writers`,
      `${this.#acknowledged.size} records acknowledged`,
      `${runs.length} runs finished`,
      `${files.length} files of events, ${files.length - days.size} of them because another one was full`,
      `${swept} files swept`,
    ].join(', ')
  }

  async end(): Promise<void> {
    await Promise.all([this.#packer?.kill(), this.#writer?.kill()])
  }

  /** In turn in C, where there is a compiler, and in TypeScript. */
  #startWriter(): CrashWriter {
    const compiled = this.#writers++ % 2 === 0 ? this.#compiled : undefined
    const from = this.#nextRecord
    this.#nextRecord += recordsOfWriter
    return new CrashWriter(this.installation, from, recordsOfWriter, compiled)
  }

  async #settleWriter(): Promise<void> {
    const writer = this.#writer
    if (!writer) return
    await writer.ended
    writer.checkQuiet()
    const { from, count, written } = writer
    for (let record = from; record < from + written; record++) this.#acknowledged.add(record)
    if (written < count) this.#unsure.add(from + written)
    this.#writer = undefined
  }

  /** Every acknowledged record once; of what nobody acknowledged, all or nothing. */
  #check(found: readonly string[]): void {
    const ids = found.filter(id => !isOfExpired(id))
    const once = new Set(ids)
    assert.equal(once.size, ids.length, 'no id is there twice')
    const wanted = [...this.#acknowledged].filter(record => !isExpired(record)).flatMap(idsOf)
    assert.deepEqual(
      wanted.filter(id => !once.has(id)),
      [],
      'acknowledged, and neither in a file nor in the ring',
    )
    for (const id of wanted) once.delete(id)
    for (const record of this.#unsure) {
      const left = idsOf(record).filter(id => once.delete(id))
      assert.ok(left.length === 0 || left.length === idsOf(record).length, `record ${record} is whole or not there`)
    }
    assert.deepEqual([...once], [], 'nobody wrote this')
  }

  /** No position of the ring was packed by two commits. */
  async #checkSources(): Promise<void> {
    const ranges = new Map((await this.#archive.manifest())!.files.map(({ source }) => [source.from, source.to]))
    let end = 0
    for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
      assert.ok(from >= end, `positions from ${from} on were packed before, up to ${end}`)
      end = to
    }
  }
}

function isOfExpired(id: string): boolean {
  return isExpired(Math.floor(numberOf(id) / rowsOfRecord))
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** Offsets change on quarter hours. */
const bucketMs = 15 * 60_000
const rememberedMax = 4096

/** Minutes that a zone is ahead of UTC at an instant, by the same tables as everything else that knows zones here (ICU). */
export class ZoneOffset {
  readonly #format: Intl.DateTimeFormat
  readonly #remembered = new Map<number, number>()

  /** `zone` is one of the IANA's, or UTC. */
  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  }

  /** `ms` since the epoch, as far as JavaScript's dates go. */
  minutesAt(ms: number): number {
    const bucket = Math.floor(ms / bucketMs)
    const known = this.#remembered.get(bucket)
    if (known !== undefined) return known
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear()
    const minutes = this.#look(bucket * bucketMs)
    this.#remembered.set(bucket, minutes)
    return minutes
  }

  #look(ms: number): number {
    const name = this.#format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')!.value
    const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(name) ?? ['', '+', '0', '0']
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
  }
}

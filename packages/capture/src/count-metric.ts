import { Counter, type Registry } from '@chronicle/telemetry'

export type CountMetric = {
  /** Behind `chronicle_capture_`. */
  readonly name: string
  readonly help: string
  /** Its values are a closed list, or fields and codes that are. */
  readonly label: string
  /** Of each value of the label, since the start. */
  readonly counts: () => Readonly<Record<string, number>>
}

/** Registers a counter of what is counted elsewhere: read when somebody asks. */
export function registerCounts(registry: Registry, { name, help, label, counts }: CountMetric): void {
  new Counter({
    name: `chronicle_capture_${name}`,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset()
      for (const [value, count] of Object.entries(counts())) this.inc({ [label]: value }, count)
    },
  })
}

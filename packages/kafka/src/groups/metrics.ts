import { Counter, Gauge, type Registry } from '@chronicle/telemetry'
import { type Group, groupStates } from './group.ts'

/** What is told of groups. Gauges are read when somebody asks for them; counters cost an addition. */
export class GroupMetrics {
  readonly #rebalances: Counter
  readonly #expiredMembers: Counter
  readonly #committedOffsets: Counter
  readonly #expiredOffsets: Counter
  /** The groups to tell of; set once they are there. */
  groups: () => Iterable<Group> = () => []

  constructor(registry: Registry) {
    const registers = [registry]
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers })
    this.#rebalances = counter('chronicle_group_rebalances_total', 'Generations of groups that became stable')
    this.#expiredMembers = counter('chronicle_group_members_expired_total', 'Group members whose session ended')
    this.#committedOffsets = counter('chronicle_group_offset_commits_total', 'Partitions whose offset was committed')
    this.#expiredOffsets = counter('chronicle_group_offsets_expired_total', 'Committed offsets that retention removed')
    const told = (): Iterable<Group> => this.groups()
    const groups = new Gauge({
      name: 'chronicle_groups',
      help: 'Groups in memory, by state',
      labelNames: ['state'],
      registers,
      collect() {
        for (const state of groupStates) groups.set({ state }, 0)
        for (const { state } of told()) groups.inc({ state })
      },
    })
    const members = new Gauge({
      name: 'chronicle_group_members',
      help: 'Members of all groups',
      registers,
      collect() {
        let count = 0
        for (const group of told()) count += group.members.size
        members.set(count)
      },
    })
  }

  count(what: 'rebalance' | 'expiredMember'): void {
    if (what === 'rebalance') this.#rebalances.inc()
    else this.#expiredMembers.inc()
  }

  committed(partitions: number): void {
    this.#committedOffsets.inc(partitions)
  }

  expired(offsets: number): void {
    this.#expiredOffsets.inc(offsets)
  }
}

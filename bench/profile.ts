/**
 * `node bench/profile.ts FILE.cpuprofile [ROWS]`: where the processor time of a profile went, as a table of functions by
 * self time. Make one with `node --cpu-prof --cpu-prof-dir=… packages/server/bin/chronicle.js start`, or with `--profile`
 * of the suite.
 */
import { readFileSync } from 'node:fs'

type Profile = {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

type Total = { readonly name: string; selfUs: number; totalUs: number }

/** Self and total time by function, largest self time first. Recursion counts once in the total. */
function totals(profile: Profile): Total[] {
  const selfUs = new Map<number, number>()
  for (const [at, id] of profile.samples.entries()) selfUs.set(id, (selfUs.get(id) ?? 0) + profile.timeDeltas[at]!)
  const byId = new Map(profile.nodes.map(node => [node.id, node]))
  const byName = new Map<string, Total>()
  const visit = (id: number, above: ReadonlySet<string>): number => {
    const node = byId.get(id)!
    const name = nameOf(node.callFrame)
    const within = new Set(above).add(name)
    const self = selfUs.get(id) ?? 0
    const total = (node.children ?? []).reduce((sum, child) => sum + visit(child, within), self)
    let entry = byName.get(name)
    if (entry === undefined) byName.set(name, (entry = { name, selfUs: 0, totalUs: 0 }))
    entry.selfUs += self
    if (!above.has(name)) entry.totalUs += total
    return total
  }
  visit(profile.nodes[0]!.id, new Set())
  return [...byName.values()].sort((a, b) => b.selfUs - a.selfUs)
}

function nameOf(frame: Profile['nodes'][number]['callFrame']): string {
  const place = frame.url.replace(/^.*\/(packages|node_modules|bench)\//, '$1/').replace(/^node:/, 'node:')
  const name = frame.functionName || '(anonymous)'
  return place === '' ? name : `${name}  ${place}:${frame.lineNumber + 1}`
}

function print(profile: Profile, rows: number): void {
  const all = totals(profile)
  const waiting = new Set(['(idle)', '(root)'])
  const idleUs = all.filter(({ name }) => name === '(idle)').reduce((sum, each) => sum + each.selfUs, 0)
  const wholeUs = profile.timeDeltas.reduce((sum, each) => sum + each, 0)
  const busyUs = wholeUs - idleUs
  console.log(
    `${(wholeUs / 1e6).toFixed(2)} s, busy ${((busyUs * 100) / wholeUs).toFixed(0)} %; shares are of the busy time`,
  )
  console.log('  self   total  function')
  for (const { name, selfUs, totalUs } of all.filter(each => !waiting.has(each.name)).slice(0, rows)) {
    console.log(`${share(selfUs, busyUs)}  ${share(totalUs, busyUs)}  ${name}`)
  }
}

function share(us: number, ofUs: number): string {
  return `${((us * 100) / ofUs).toFixed(1)} %`.padStart(6)
}

const [file, rows = '25'] = process.argv.slice(2)
if (file === undefined) {
  console.error('node bench/profile.ts FILE.cpuprofile [ROWS]')
  process.exitCode = 2
} else {
  print(JSON.parse(readFileSync(file, 'utf8')) as Profile, Number(rows))
}

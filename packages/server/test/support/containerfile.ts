/** A Containerfile, as far as the one of this project needs it: stages, their instructions, and the values of the last stage. */
import assert from 'node:assert/strict'

export type Instruction = { readonly name: string; readonly text: string }
export type Stage = {
  readonly from: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}
export type Copy = {
  readonly from: string | undefined
  readonly chown: string | undefined
  readonly sources: readonly string[]
  readonly target: string
}

export function parseContainerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter(line => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  const stages: { from: string; name: string | undefined; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? assert.fail(`not an instruction: ${line}`)
    if (name !== 'FROM') {
      stages.at(-1)!.instructions.push({ name, text: rest })
      continue
    }
    const [, from = '', as] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest) ?? assert.fail(line)
    stages.push({ from, name: as, instructions: [] })
  }
  return stages
}

export function valuesOf(stage: Stage, name: string): string[] {
  return stage.instructions.filter(each => each.name === name).map(({ text }) => text)
}

/** The words of an instruction in exec form; fails for the shell form. */
export function execForm(text: string): string[] {
  assert.match(text, /^\[/, `the shell form needs a shell: ${text}`)
  const words: unknown = JSON.parse(text)
  assert.ok(Array.isArray(words) && words.every(word => typeof word === 'string'))
  return words
}

export function parseCopy(text: string): Copy {
  const words = text.split(/\s+/)
  const flag = (name: string) => words.find(word => word.startsWith(`--${name}=`))?.slice(name.length + 3)
  const paths = words.filter(word => !word.startsWith('--'))
  return { from: flag('from'), chown: flag('chown'), sources: paths.slice(0, -1), target: paths.at(-1)! }
}

/** The variables of ENV instructions of the form NAME=value. */
export function environmentOf(stage: Stage): Record<string, string> {
  const pairs = valuesOf(stage, 'ENV').flatMap(text => text.trim().split(/\s+/))
  return Object.fromEntries(pairs.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

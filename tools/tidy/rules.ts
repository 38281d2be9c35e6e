import type { Project, Rule } from './project.ts'
import { cyclesRule } from './rules/cycles.ts'
import { deadFilesRule } from './rules/dead-files.ts'
import { dependenciesRule } from './rules/dependencies.ts'
import { doorsRule } from './rules/doors.ts'
import { effectsRule } from './rules/effects.ts'
import { errorCodesRule } from './rules/error-codes.ts'
import { floorsRule } from './rules/floors.ts'
import { focusedTestsRule } from './rules/focused-tests.ts'
import { invariantsRule } from './rules/invariants.ts'
import { packagesRule } from './rules/packages.ts'
import { wordsRule } from './rules/words.ts'

export const rules: readonly Rule[] = [
  floorsRule,
  doorsRule,
  dependenciesRule,
  cyclesRule,
  deadFilesRule,
  packagesRule,
  invariantsRule,
  errorCodesRule,
  effectsRule,
  wordsRule,
  focusedTestsRule,
]

/** Every problem that any rule finds, as `path:line rule: message`, sorted by place. */
export function tidy(project: Project): string[] {
  const problems = rules.flatMap(rule => rule.check(project).map(problem => ({ rule: rule.name, ...problem })))
  problems.sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line)
  return problems.map(({ path, line, rule, message }) => `${path}:${line} ${rule}: ${message}`)
}

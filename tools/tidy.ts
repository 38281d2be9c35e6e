/** The rules of the house that neither the compiler nor the linter knows. Prints what breaks them and fails. */
import { readProject } from './tidy/read-project.ts'
import { tidy } from './tidy/rules.ts'

const problems = tidy(readProject(process.argv[2] ?? '.'))
for (const problem of problems) console.error(problem)
if (problems.length > 0) {
  console.error(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`)
  process.exitCode = 1
}

/** What may hold a semicolon that ends nothing: texts, names, comments, and texts between dollars. The last one may still be open: then its end is empty. */
const opaque = /'(?:[^']|'')*('|$)|"(?:[^"]|"")*("|$)|--[^\n]*|\/\*[\s\S]*?(\*\/|$)|\$(\w*)\$[\s\S]*?(\$\4\$|$)/g

/** Whether what was typed so far ends with a semicolon that ends a statement. */
export function isStatementEnd(sql: string): boolean {
  const { rest, isOpen } = withoutOpaque(sql)
  return !isOpen && rest.trimEnd().endsWith(';')
}

/** Whether there is anything but comments. */
export function hasStatement(sql: string): boolean {
  return /[^\s;]/.test(withoutOpaque(sql).rest)
}

function withoutOpaque(sql: string): { rest: string; isOpen: boolean } {
  let isOpen = false
  const rest = sql.replace(opaque, (part: string, text?: string, name?: string, comment?: string, ...more) => {
    const dollars: string | undefined = more[1]
    isOpen = [text, name, comment, dollars].includes('')
    return part.startsWith('--') || part.startsWith('/*') ? ' ' : 'x'
  })
  return { rest, isOpen }
}

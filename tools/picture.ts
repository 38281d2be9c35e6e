/**
 * Draws terminal output as a picture for the docs: `COMMAND | npm run -s picture -- 'what it shows' ['the command as typed'] > docs/images/x.svg`.
 * Understands the colours and weights (SGR) that our own commands print.
 */
import { text } from 'node:stream/consumers'

const cell = { width: 8.4, height: 18 }
const margin = 16
const colours: Readonly<Record<number, string>> = {
  31: '#ff7b72',
  32: '#7ee787',
  33: '#e3b341',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#76e3ea',
  90: '#8b949e',
}

type Style = { colour?: string; bold?: boolean; dim?: boolean }

const [title = 'Terminal output', typed] = process.argv.slice(2)
const output = (await text(process.stdin)).replace(/\s+$/, '')
process.stdout.write(draw(typed === undefined ? output : `\x1b[32m$\x1b[0m \x1b[1m${typed}\x1b[0m\n${output}`))

function draw(content: string): string {
  const lines = content.split('\n')
  const plain = lines.map(line => line.replaceAll(escapes(), ''))
  const width = Math.ceil(Math.max(...plain.map(line => [...line].length), 40) * cell.width + 2 * margin)
  const height = lines.length * cell.height + 2 * margin
  const rows = lines.map((line, row) => drawLine(line, margin + (row + 0.75) * cell.height))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" fill="#e6edf3" xml:space="preserve">`,
    ...rows,
    '</g>',
    '</svg>\n',
  ].join('\n')
}

function drawLine(line: string, y: number): string {
  let style: Style = {}
  let column = 0
  let spans = ''
  for (const part of line.split(escapes(true))) {
    const codes = part.match(/^\[([\d;]*)m$/)
    if (codes) {
      style = applyCodes(style, codes[1]!)
    } else if (part !== '') {
      spans += drawSpan(part, column, style)
      column += [...part].length
    }
  }
  return `<text y="${y.toFixed(1)}">${spans}</text>`
}

/** Blanks at the ends are dropped and the width is set: neither depends on the viewer's font then. */
function drawSpan(part: string, column: number, style: Style): string {
  const shown = part.trim()
  if (shown === '') return ''
  const x = margin + (column + part.indexOf(shown)) * cell.width
  const width = [...shown].length * cell.width
  return `<tspan x="${x.toFixed(1)}" textLength="${width.toFixed(1)}"${attributes(style)}>${escapeXml(shown)}</tspan>`
}

/** SGR sequences; with `kept`, split keeps their part after the escape character. */
function escapes(kept = false): RegExp {
  const introducer = String.fromCharCode(27)
  return new RegExp(kept ? `${introducer}(\\[[\\d;]*m)` : `${introducer}\\[[\\d;]*m`, 'g')
}

function applyCodes(style: Style, codes: string): Style {
  let next = style
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) next = {}
    else if (code === 1) next = { ...next, bold: true }
    else if (code === 2) next = { ...next, dim: true }
    else if (code === 22) next = { colour: next.colour }
    else if (code === 39) next = { bold: next.bold, dim: next.dim }
    else if (colours[code]) next = { ...next, colour: colours[code] }
  }
  return next
}

function attributes({ colour, bold, dim }: Style): string {
  return `${colour ? ` fill="${colour}"` : ''}${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.65"' : ''}`
}

function escapeXml(part: string): string {
  return part.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

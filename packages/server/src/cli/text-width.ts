const simple = /^[\x20-\x7e]*$/
/** Take no room of their own: marks, joiners, selectors. */
const zeroWidth = /[\p{M}\p{Cf}]/u
/** Take two cells of a terminal, by Unicode's annex 11 in its main lines. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]|\p{Emoji_Presentation}/u

/** Cells that a text takes on a terminal. */
export function widthOf(text: string): number {
  if (simple.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOfCharacter(character)
  return width
}

/** A text of at most `width` cells: one that has to be cut ends with `…`. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let [kept, cells] = ['', 0]
  for (const character of text) {
    cells += widthOfCharacter(character)
    if (cells > width - 1) break
    kept += character
  }
  return `${kept}…`
}

/** A text on lines of at most `width` cells, cut between words; a longer word has a line of its own. */
export function folded(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || widthOf(last) + 1 + widthOf(word) > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

function widthOfCharacter(character: string): number {
  if (zeroWidth.test(character)) return 0
  return wide.test(character) ? 2 : 1
}

import { address, integer, type SettingType } from '@chronicle/config'

/** A value that is a setting because others look for it, and that has one value. */
export function only(value: number): SettingType<number> {
  return { ...integer({ min: value, max: value }), accepts: `only ${value}` }
}

/** Host names or addresses, with commas between them. */
export const hostNames: SettingType<readonly string[]> = {
  placeholder: 'names',
  accepts: 'host names or IP addresses without ports, separated by commas',
  parse(text, directory) {
    const names = partsOf(text).map(name => address.parse(name, directory)?.toLowerCase())
    return names.every(name => name !== undefined) ? names : undefined
  },
  format: names => names.join(', '),
}

/** A witness of C2SP tlog-witness: where it is asked, and the key (C2SP signed-note vkey) that its cosignatures are checked with. */
export type WitnessSetting = { readonly url: string; readonly vkey: string }

/** Name, key hash in hex, type and key in base64. */
const vkeyForm = /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/

/** Witnesses, with commas between them; each is its URL, a space and its vkey. */
export const witnesses: SettingType<readonly WitnessSetting[]> = {
  placeholder: 'witnesses',
  accepts: 'URL and vkey of each witness with a space between them, witnesses separated by commas',
  parse(text) {
    const found = partsOf(text).map(parseWitness)
    return found.every(witness => witness !== undefined) ? found : undefined
  },
  format: each => each.map(({ url, vkey }) => `${url} ${vkey}`).join(', '),
}

function parseWitness(text: string): WitnessSetting | undefined {
  const [url = '', vkey = '', ...rest] = text.split(/\s+/)
  const isUrl = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && new URL(url).username === ''
  return isUrl && vkeyForm.test(vkey) && rest.length === 0 ? { url, vkey } : undefined
}

function partsOf(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}

const topicName = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/

/** The name of a topic, or a word for none. */
export const topicOrNone: SettingType<string> = {
  placeholder: 'topic',
  accepts: 'the name of a topic (letters, digits, dots, underscores, hyphens; at most 249), or `none`',
  parse: text => (text === '' || text === 'none' ? '' : topicName.test(text) ? text : undefined),
  format: name => name || 'none',
}

/** The origin of checkpoints (C2SP tlog-checkpoint): it stands on a line of its own and in the name of a key. */
export const origin: SettingType<string> = {
  placeholder: 'name',
  accepts:
    'a URL without its scheme, such as example.org/chronicle: up to 200 characters, without spaces and plus signs',
  parse: text => (/^[^\s+\p{Cc}]{1,200}$/u.test(text) ? text : undefined),
  format: value => value,
}

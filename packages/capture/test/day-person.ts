/** What a person does at a computer, gesture by gesture, and what runs beside: keys in bursts, paths of the mouse, other windows, and pauses. */
import type { Random } from '@chronicle/base'

export type Act = {
  /** Of the time that passes. */
  readonly atMs: number
  readonly session: number
  readonly type: string
  readonly data: Record<string, unknown>
  /** The image that goes with it: any, or one that does not stay in memory. */
  readonly image?: 'any' | 'large'
}

/** A minute of one session; `events` is how many it wants, and may be passed by what a last gesture has more. */
export type Minute = { readonly fromMs: number; readonly session: number; readonly events: number }

const minuteMs = 60_000
const apps = ['editor', 'browser', 'mail', 'terminal', 'tabellen – kalkulation']
const buttons = ['left', 'left', 'left', 'right', 'middle']
const clicks = ['single', 'single', 'single', 'double', 'triple']

export class Person {
  readonly #random: Random
  #x = 400
  #y = 300

  constructor(random: Random) {
    this.#random = random
  }

  /** Gestures that lie close together in a part of the minute: the rest of it is idle. */
  minute({ fromMs, session, events }: Minute): Act[] {
    const acts: Act[] = []
    const begin = fromMs + this.#random.int(minuteMs / 3)
    const end = fromMs + minuteMs - this.#random.int(minuteMs / 3)
    while (acts.length < events) {
      const at = begin + this.#random.int(end - begin)
      for (const act of this.#gesture(at, session)) if (acts.push(act) === events) break
    }
    return acts
  }

  /** As a mouse for games reports it: each millisecond, until there are so many. */
  *game(fromMs: number, session: number, events: number): Iterable<Act> {
    for (let at = 0; at < events; at++) yield this.#move(fromMs + at, session, 3)
  }

  /** Looks at another window, of which a picture is taken. */
  change(atMs: number, session: number, image: 'any' | 'large' = 'any'): Act[] {
    const [window_title, app_name] = [`Fenster ${this.#random.int(1000)}`, this.#pick(apps)]
    const focus = { window_title, app_name, process_id: this.#random.int(65_536) }
    const screen_region = { x: 0, y: 0, width: 1920, height: 1080 }
    const metadata = { window_title, app_name, screen_region, privacy_masked: this.#random.int(10) === 0 }
    return [
      { atMs, session, type: 'window_focus', data: focus },
      { atMs: atMs + this.#random.int(300), session, type: 'screenshot', data: { metadata }, image },
    ]
  }

  #gesture(atMs: number, session: number): Iterable<Act> {
    const kind = this.#random.int(20)
    if (kind < 8) return this.#typing(atMs, session)
    if (kind < 15) return this.#path(atMs, session)
    return [this.#single(atMs, session, kind)]
  }

  *#typing(atMs: number, session: number): Iterable<Act> {
    let gap = 0
    for (let left = 3 + this.#random.int(40); left > 0; left--) {
      const key_code = this.#random.int(5) === 0 ? 'Space' : 65 + this.#random.int(26)
      const modifiers = { shift: this.#random.int(12) === 0, ctrl: false, alt: false, meta: false }
      const interval = gap === 0 ? {} : { inter_key_interval_ms: gap }
      yield { atMs: (atMs += gap), session, type: 'keystroke', data: { key_code, modifiers, ...interval } }
      gap = 40 + this.#random.int(200)
    }
  }

  *#path(atMs: number, session: number): Iterable<Act> {
    for (let left = 5 + this.#random.int(60); left > 0; left--) {
      yield this.#move((atMs += 7 + this.#random.int(12)), session, 60)
    }
    const place = { x: this.#x, y: this.#y }
    const click = { ...place, button: this.#pick(buttons), click_type: this.#pick(clicks) }
    // Sometimes in the millisecond of the last movement.
    yield { atMs: atMs + this.#random.int(3), session, type: 'mouse_click', data: click }
  }

  #move(atMs: number, session: number, stepMax: number): Act {
    const [dx, dy] = [this.#random.int(2 * stepMax + 1) - stepMax, this.#random.int(2 * stepMax + 1) - stepMax]
    this.#x = Math.min(3840, Math.max(-1920, this.#x + dx))
    this.#y = Math.min(2160, Math.max(-200, this.#y + dy))
    const velocity = Math.round(Math.hypot(dx, dy) * 1000) / 16
    return { atMs, session, type: 'mouse_move', data: { x: this.#x, y: this.#y, velocity } }
  }

  #single(atMs: number, session: number, kind: number): Act {
    const act = (type: string, data: Record<string, unknown>): Act => ({ atMs, session, type, data })
    const process_id = 1 + this.#random.int(65_535)
    if (kind === 15)
      return act('clipboard_copy', { characters: this.#random.int(500), from: { app: this.#pick(apps) } })
    if (kind === 16) {
      const state = this.#pick(['started', 'stopped', 'crashed'])
      return act('process', { process_id, process_name: this.#pick(apps), state })
    }
    if (kind === 17) {
      const duration_ms = this.#random.int(90_000)
      return act('window_focus', { window_title: 'Übersicht', app_name: this.#pick(apps), process_id, duration_ms })
    }
    const [cpu_percent, memory_mb] = [this.#random.int(1000) / 10, this.#random.int(16_000)]
    return act('resource', { cpu_percent, memory_mb, disk_io_mb_per_sec: 0.5, network_io_mb_per_sec: 0 })
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#random.int(choices.length)]!
  }
}

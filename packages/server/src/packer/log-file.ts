import { closeSync, openSync, statSync, writeSync } from 'node:fs'

/**
 * Appends lines to a file, mode 0600. When the file is moved away (logrotate), the next line begins a new one. A line that cannot be written is lost: a
 * full disk shall not end what makes room on it.
 */
export class LogFile {
  readonly #path: string
  #descriptor: number
  #inode: number

  /** Throws where the file cannot be opened. */
  constructor(path: string) {
    this.#path = path
    this.#descriptor = openSync(path, 'a', 0o600)
    this.#inode = statSync(path).ino
  }

  write(line: string): void {
    try {
      if (statSync(this.#path, { throwIfNoEntry: false })?.ino !== this.#inode) this.#openAgain()
      writeSync(this.#descriptor, line)
    } catch {
      // The console has it, where there is one.
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #openAgain(): void {
    const descriptor = openSync(this.#path, 'a', 0o600)
    closeSync(this.#descriptor)
    this.#descriptor = descriptor
    this.#inode = statSync(this.#path).ino
  }
}

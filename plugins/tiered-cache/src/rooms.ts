import { type Worker, workerState } from '@rxtuna/core/node'
import type { Statements } from './statements.ts'
import { workerOf } from './worker-text.ts'

interface Room {
  readonly worker: string
  readonly bytes: number
  readonly at: number
}

// A worker takes more room than it needs, so that few of its writes have to ask for it; from others' it takes little.
const mostSpare = 64 * 1024 ** 2
const shareOfFree = 1 / 8
// The room of a worker of another host, which cannot be seen from here, is given up after this time.
const abandonedSeconds = 3_600

/**
 * Room for files that are about to be written. It stands in the database and counts as used, so that what all processes write together stays within
 * the limit; what a dead worker held is given up. Methods that take `at` (Unix seconds) run inside a transaction.
 */
export class Rooms {
  readonly #statements: Statements
  readonly #worker: string
  /** What is left of the room that the database says is ours; of that `#promised` is for files that are being written. */
  #held = 0
  #promised = 0
  /** What the database says. */
  #stated = 0

  constructor(statements: Statements, worker: Worker) {
    this.#statements = statements
    this.#worker = JSON.stringify(worker)
  }

  /** Takes room from what is held, at once; false when that is too little. */
  take(bytes: number): boolean {
    if (this.#held - this.#promised < bytes) return false
    this.#promised += bytes
    return true
  }

  /** The file is written, or will not be. */
  giveBack(bytes: number): void {
    this.#promised = Math.max(0, this.#promised - bytes)
  }

  /** Bytes that are promised to files, by all living workers. */
  used(at: number): number {
    return this.#promised + this.#ofOthers(at)
  }

  /** Takes room for a file of so many bytes, and some to spare of the `free` ones that are left then. */
  extend(bytes: number, free: number, at: number): void {
    this.#promised += bytes
    this.#hold(this.#promised + Math.max(0, Math.min(mostSpare, Math.floor(free * shareOfFree))), at)
  }

  /** A file took its room, and counts by itself from now on; the database hears of it when room is taken next, and until then counts it twice. */
  spend(bytes: number): void {
    this.#held = Math.max(0, this.#held - bytes)
  }

  /** Gives up what is held to spare. */
  shrink(at: number): void {
    if (this.#stated > this.#promised) this.#hold(this.#promised, at)
  }

  /** Gives up everything. */
  leave(): void {
    this.#statements.dropRoom.run(this.#worker)
    this.#held = this.#promised = this.#stated = 0
  }

  #hold(bytes: number, at: number): void {
    this.#statements.holdRoom.run(this.#worker, bytes, at)
    this.#held = this.#stated = bytes
  }

  #ofOthers(at: number): number {
    let bytes = 0
    // The statement names its columns like the type's keys.
    for (const room of this.#statements.rooms.all() as readonly Room[]) {
      if (room.worker === this.#worker) continue
      if (isLiving(room, at)) bytes += room.bytes
      else this.#statements.dropRoom.run(room.worker)
    }
    return bytes
  }
}

function isLiving({ worker: text, at }: Room, now: number): boolean {
  const worker = workerOf(text)
  const state = worker ? workerState(worker) : 'dead'
  return state === 'alive' || (state === 'unknown' && Math.abs(now - at) < abandonedSeconds)
}

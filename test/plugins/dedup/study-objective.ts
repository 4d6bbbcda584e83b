import { categorical, int, space } from '@rxtuna/core'

/** The objective that the processes of the tests share: twelve sets, slow by turns of the event loop. */
export const shared = {
  space: space({ x: int(0, 3), side: categorical(['a', 'b', 'c']) }),
  evaluate: async ({ x, side }: { readonly x: number; readonly side: string }): Promise<number> => {
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
    console.log(`evaluated ${x}${side}`)
    return x + side.charCodeAt(0)
  }
}

let opened = (): void => {}
const door = new Promise<void>(resolve => {
  opened = resolve
})
/** Lets the trials of `held` end. */
export const open = (): void => opened()

/** An objective of one set whose trials wait for `open`. */
export const held = {
  space: space({ x: int(5, 5) }),
  evaluate: async ({ x }: { readonly x: number }, { number }: { readonly number: number }): Promise<number> => {
    console.log(`evaluating ${number}`)
    await door
    return x
  }
}

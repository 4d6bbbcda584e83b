import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface Options {
  /** Trials of the whole study, those of earlier runs included. */
  readonly trials: number
  readonly seed?: number
  readonly lanes: number
  readonly cache: boolean
  readonly storage: string
  readonly fresh: boolean
  readonly json: boolean
  readonly quiet: boolean
}

export const directory = '.rxtuna'
const defaultStorage = `sqlite:///${directory}/sma-crossover.db`

export const usage: string = `Usage: npm start -- [options]

  --trials N      trials of the study, earlier runs included (default 200)
  --seed N        seed of a new study (default 0); a stored study keeps its own
  --lanes N       trials evaluated at a time (default 4)
  --no-cache      switch the three caches off
  --storage URL   where the study is kept (default ${defaultStorage})
  --fresh         discard the stored study and begin anew
  --json          print the result as JSON; npm's own lines go with: npm start --silent -- --json
  --quiet         no progress, only the result
  --help          this text
`

/** Reads the command line; undefined for `--help`. Throws a sentence for what it does not understand. */
export function readOptions(args: readonly string[]): Options | undefined {
  const values = parsed(args)
  if (values.help) return undefined
  return {
    trials: whole('--trials', values.trials, 1),
    ...(values.seed === undefined ? {} : { seed: whole('--seed', values.seed, 0) }),
    lanes: whole('--lanes', values.lanes, 1),
    cache: !values['no-cache'],
    storage: values.storage,
    fresh: values.fresh,
    json: values.json,
    quiet: values.quiet
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        trials: { type: 'string', default: '200' },
        seed: { type: 'string' },
        lanes: { type: 'string', default: '4' },
        'no-cache': { type: 'boolean', default: false },
        storage: { type: 'string', default: defaultStorage },
        fresh: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false }
      }
    }).values
  } catch (error) {
    // Only the first line says what came; a value that begins with a dash is taken for an option.
    const [said] = (error as Error).message.split('\n')
    throw new RangeError(`Expected options as --help lists them, got: ${said?.replace(/\.$/, '')}.`)
  }
}

/** The command that goes on with the same study; undefined for a storage in memory, which is gone. */
export function resumeCommand({ lanes, cache, storage }: Options, trials: number): string | undefined {
  if (/^sqlite:\/\/(\/(:memory:)?)?$/.test(storage)) return undefined
  const flags = [
    `--trials ${trials}`,
    ...(lanes === 4 ? [] : [`--lanes ${lanes}`]),
    ...(cache ? [] : ['--no-cache']),
    ...(storage === defaultStorage ? [] : [`--storage ${/[\s'"$&;|<>*?()]/.test(storage) ? `'${storage}'` : storage}`])
  ]
  return `npm start -- ${flags.join(' ')}`
}

function whole(name: string, text: string, least: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`Expected a whole number >= ${least} after ${name}, got "${text}".`)
  return value
}

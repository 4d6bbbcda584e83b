// A worker thread that trades strategies on data that it shares with others, and says what each gains.
import { parentPort, workerData } from 'node:worker_threads'
import { type GroupsHandle, receiveGroups } from '@rxtuna/data-cache/worker'
import { average, type Strategy, traded } from './strategies.ts'

const { handle, strategies } = workerData as { readonly handle: GroupsHandle; readonly strategies: readonly Strategy[] }
const { groups } = receiveGroups(handle)
parentPort?.postMessage(
  strategies.map(strategy => {
    const pairs = [...groups.values()].map(group => {
      const whole = average(group, strategy)
      const cut = group.between(strategy.from, strategy.to)
      const before = group.between(0, strategy.from).length
      return [cut, whole.subarray(before, before + cut.length)] as const
    })
    return traded(strategy, pairs)
  })
)
